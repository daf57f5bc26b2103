// A rank whose way to rank 0 leads through a proxy, which is cut or falls silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "engine/parallel/socket.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// Passes on what one client and a server on this machine say to each other.
class Proxy {
 public:
  explicit Proxy(int server_port)
      : listener_(listen_on("127.0.0.1", 0)), server_port_(server_port), thread_([this] { serve(); }) {}
  ~Proxy() {
    ending_ = true;
    thread_.join();
  }
  int port() const { return port_of(listener_); }
  void fall_silent() { silent_ = true; }
  void cut() { cut_ = true; }

 private:
  void serve() {
    Socket client;
    while (!client && !ending_) {
      wait_for(listener_);
      client = Socket(::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    }
    Connecting server;
    while (!server.socket && !ending_) server = connect_to({"127.0.0.1", server_port_}, seconds(1));
    while (!ending_ && !cut_) {
      if (silent_) {
        std::this_thread::sleep_for(milliseconds(10));
        continue;
      }
      pass_on(client, server.socket);
      pass_on(server.socket, client);
    }
  }
  static bool wait_for(const Socket& socket) {
    pollfd waited{.fd = socket.descriptor(), .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, 5) > 0;
  }
  static void pass_on(const Socket& from, const Socket& to) {
    if (!wait_for(from)) return;
    std::array<char, 1 << 14> part;
    const ssize_t count = ::recv(from.descriptor(), part.data(), part.size(), MSG_DONTWAIT);
    if (count > 0) (void)!::send(to.descriptor(), part.data(), static_cast<size_t>(count), MSG_NOSIGNAL);
  }

  Socket listener_;
  const int server_port_;
  std::atomic<bool> ending_ = false, silent_ = false, cut_ = false;
  std::thread thread_;
};

// Two ranks that train until something happens, the second through the proxy.
class Proxied : public testing::Test {
 protected:
  std::unique_ptr<Process> start(int rank, int port) {
    const std::vector<std::string> endless{"training.steps=1000000", "evaluation.every=1000000",
                                           "checkpoint.every=0", "log.every=10", "cluster.timeout=3"};
    return std::make_unique<Process>(
        pretrain_call(scratch_ / "run", endless),
        Surroundings{.environment = {"RANK=" + std::to_string(rank), "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1",
                                     "MASTER_PORT=" + std::to_string(port)}});
  }
  void expect_both_end(const std::string& said_by_0, const std::string& said_by_1) {
    const auto began = std::chrono::steady_clock::now();
    const Outcome of_0 = zero_->wait(), of_1 = one_->wait();
    EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(15));
    EXPECT_THAT(of_0, ExitsWith(1));
    EXPECT_THAT(of_0.log, HasSubstr(said_by_0));
    EXPECT_THAT(of_1, ExitsWith(1));
    EXPECT_THAT(of_1.log, HasSubstr(said_by_1));
  }

  const ScratchFolder scratch_;
  const int port_ = 30'000 + static_cast<int>(::getpid() % 2000);
  Proxy proxy_{port_};
  std::unique_ptr<Process> zero_ = start(0, port_), one_ = start(1, proxy_.port());
};

TEST_F(Proxied, CutIsNoticedAtOnce) {
  zero_->wait_for_log("step 20/");
  proxy_.cut();
  expect_both_end("the job ends: rank 1 (host", "the job ends: rank 0 is gone");
}

TEST_F(Proxied, SilenceIsNoticedAfterTheTimeout) {
  zero_->wait_for_log("step 20/");
  proxy_.fall_silent();
  expect_both_end(") has not been heard from for 3 s",
                  "the job ends: rank 0 has not been heard from for 3 s");
}

}  // namespace
}  // namespace cloze::end_to_end
