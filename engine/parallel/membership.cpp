#include "engine/parallel/membership.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/parallel/rendezvous.h"

namespace cloze {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds beat_every{500};
constexpr milliseconds tick{100};
constexpr milliseconds last_resort{30'000};
constexpr milliseconds asleep{3000};  // a tick that took as long means that this process was stopped

std::string hello_of(const MembershipOptions& options) {
  return nlohmann::json{{"type", "hello"},
                        {"job", options.identity.job},
                        {"rank", options.identity.rank},
                        {"size", options.identity.size},
                        {"host", host_name()},
                        {"process", ::getpid()},
                        {"device", options.device},
                        {"fingerprint", options.fingerprint}}
      .dump();
}

[[noreturn]] void throw_ended(const std::string& verdict) {
  throw Error({.what = "the job ends: " + verdict,
               .remedy = "see the log of that rank; --resume goes on from the last checkpoint"});
}

}  // namespace

Membership::Membership(const MembershipOptions& options)
    : identity_(options.identity),
      patience_(options.patience),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  connect(options);
  thread_ = std::thread([this] { serve(); });
  try {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, tick, [this] { return welcomed_ || verdict_; })) {
      if (const auto news = news_of_launcher(identity_)) throw_ended(*news);
    }
    if (!welcomed_) throw_ended(*verdict_);
  } catch (...) {
    stopping_ = reported_ = true;
    thread_.join();
    connection_.close();
    coordinator_.reset();
    withdraw_announcement(options.folder);
    throw;
  }
  if (identity_.rank == 0) withdraw_announcement(options.folder);
}

void Membership::connect(const MembershipOptions& options) {
  ProcessIdentity way = identity_;
  if (identity_.rank == 0) {
    coordinator_ = std::make_unique<Coordinator>(
        open_meeting_point(identity_),
        JobDescription{.job = identity_.job, .fingerprint = options.fingerprint, .size = identity_.size},
        patience_);
    announce(identity_, options.folder, coordinator_->port());
    // Rank 0 takes the way the others take, so that they all see the same address of this machine.
    if (!identity_.master_host) {
      way.master_host = identity_.one_machine ? "127.0.0.1" : host_addresses().front();
      way.master_port = coordinator_->port();
    }
  }
  connection_ = find_rank_0(way, options.folder, hello_of(options), patience_);
  address_ = local_address(connection_.socket());
}

Membership::~Membership() {
  if (!reported_) send(R"({"type":"bye"})");
  stopping_ = true;
  thread_.join();
  connection_.close();
}

void Membership::serve() {
  listen();
  see_to_the_end();
  write_outbox();
}

// Until this rank leaves or there is a verdict.
void Membership::listen() {
  auto last_beat = JobWatch::Time::min(), heard = Clock::now(), last_tick = heard;
  while (!stopping_ && !verdict()) {
    std::array<pollfd, 2> waited{{{.fd = connection_.socket().descriptor(), .events = POLLIN, .revents = 0},
                                  {.fd = wake_.descriptor(), .events = POLLIN, .revents = 0}}};
    ::poll(waited.data(), waited.size(), static_cast<int>(tick.count()));
    const bool news = waited[0].revents != 0;
    const auto now = Clock::now();
    if (news || now - last_tick > asleep) heard = now;
    last_tick = now;
    hear();
    write_outbox();
    if (!connection_.open()) return conclude("rank 0 is gone: its connection was closed without a word");
    if (now - heard > patience_.silence)
      return conclude(
          fmt::format("rank 0 has not been heard from for {:g} s: it is stopped, or its connection is cut",
                      std::chrono::duration<double>(patience_.silence).count()));
    if (last_beat + beat_every <= now) beat(), last_beat = now;
  }
}

// After a verdict the collectives end with an error, and with them the process. Where it hangs elsewhere, it
// must not stay behind.
void Membership::see_to_the_end() {
  for (auto since = Clock::now(); !stopping_; std::this_thread::sleep_for(tick)) {
    if (excused_) since = Clock::now();
    if (Clock::now() - since < last_resort) continue;
    fmt::print(stderr, "cloze: the job ends: {}; this process hangs and is ended\n", *verdict());
    std::_Exit(1);
  }
}

void Membership::send(std::string line) {
  const std::lock_guard lock(mutex_);
  outbox_.push_back(std::move(line));
  ::eventfd_write(wake_.descriptor(), 1);
}

void Membership::write_outbox() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.descriptor(), &ignored);
  std::vector<std::string> lines;
  {
    const std::lock_guard lock(mutex_);
    lines.swap(outbox_);
  }
  for (const std::string& line : lines) connection_.write(line);
}

void Membership::hear() {
  connection_.receive();
  while (const auto line = connection_.next()) {
    const nlohmann::json message = nlohmann::json::parse(*line, nullptr, false);
    const std::string type = message.is_object() ? message.value("type", "") : "";
    if (type == "verdict") conclude(message.at("message"));
    const std::lock_guard lock(mutex_);
    if (type == "welcome") {
      // Rank 0's machine may know itself by a loopback address (127.0.1.1 on Debian): others cannot use it.
      const std::string host = message.at("host");
      if (is_loopback(address_) && !host.empty()) address_ = host;
      welcomed_ = true;
    }
    if (type == "shares") shares_.push_back(message.at("texts"));
    changed_.notify_all();
  }
}

void Membership::beat() {
  connection_.write(nlohmann::json{
      {"type", "beat"},
      {"entered", entered_.load()},
      {"left", left_.load()},
      {"progress", progress_.load()},
      {"waits_for", waits_for_.load()},
      {"excused",
       excused_.load()}}.dump());
}

void Membership::conclude(const std::string& message) {
  const std::lock_guard calling(calling_);
  {
    const std::lock_guard lock(mutex_);
    if (verdict_) return;
    verdict_ = message;
    changed_.notify_all();
  }
  if (on_verdict_) on_verdict_();
}

std::vector<std::string> Membership::exchange(const std::string& text) {
  send(nlohmann::json{{"type", "share"}, {"text", text}}.dump());
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !shares_.empty() || verdict_; });
  if (verdict_) throw_ended(*verdict_);
  std::vector<std::string> texts = std::move(shares_.front());
  shares_.erase(shares_.begin());
  return texts;
}

void Membership::entered(int waits_for) {
  waits_for_ = waits_for;
  ++entered_;
}

void Membership::left() {
  waits_for_ = -1;
  ++left_;
}

void Membership::report_failure(const std::string& message) {
  if (reported_.exchange(true)) return;
  send(nlohmann::json{{"type", "failed"}, {"message", message}}.dump());
}

std::optional<std::string> Membership::verdict() const {
  const std::lock_guard lock(mutex_);
  return verdict_;
}

std::optional<std::string> Membership::verdict_within(milliseconds time) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return verdict_.has_value(); });
  return verdict_;
}

void Membership::throw_on_verdict() const {
  if (const auto verdict = this->verdict()) throw_ended(*verdict);
}

void Membership::on_verdict(std::function<void()> callback) {
  const std::lock_guard calling(calling_);
  on_verdict_ = std::move(callback);
  if (verdict()) on_verdict_();
}

}  // namespace cloze
