#include "engine/parallel/launcher.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/parallel/rank_process.h"

namespace cloze {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int wrong_call = 2;
constexpr std::chrono::milliseconds tick{200};

// SIGINT, SIGTERM and SIGCHLD as something to be polled.
class SignalQueue {
 public:
  SignalQueue() {
    ::sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) ::sigaddset(&signals_, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &earlier_);
    queue_ = Socket(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~SignalQueue() { ::pthread_sigmask(SIG_SETMASK, &earlier_, nullptr); }
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  int descriptor() const { return queue_.descriptor(); }
  int next() {  // 0: none
    signalfd_siginfo signal = {};
    return ::read(queue_.descriptor(), &signal, sizeof signal) == sizeof signal
               ? static_cast<int>(signal.ssi_signo)
               : 0;
  }

 private:
  sigset_t signals_ = {}, earlier_ = {};
  Socket queue_;
};

bool stopped_by_signal(int exit_code) {
  return exit_code == 128 + SIGINT || exit_code == 128 + SIGTERM;
}

// The ranks from their start until all have ended.
class Attempt {
 public:
  Attempt(const LaunchOptions& options, int number, SignalQueue& signals)
      : options_(options), signals_(signals) {
    const std::string job =
        fmt::format("{}-{}-{}", ::getpid(), Clock::now().time_since_epoch().count(), number);
    for (int rank = 0; rank < options.processes; ++rank) {
      ranks_.emplace_back(rank, number == 0 ? options.first_call : options.later_call,
                          std::vector<std::string>{fmt::format("CLOZE_RANK={}", rank),
                                                   fmt::format("CLOZE_WORLD_SIZE={}", options.processes),
                                                   "CLOZE_JOB=" + job});
    }
  }

  int run() {
    while (any_runs()) {
      wait_for_news();
      for (int signal = signals_.next(); signal != 0; signal = signals_.next()) {
        if (signal != SIGCHLD) pass_on(signal);
      }
      for (RankProcess& rank : ranks_) {
        rank.read_output();
        rank.look();
        if (!rank.running()) rank.read_output();
        rank.write_log(options_.run_folder);
        if (!rank.running() && *rank.exit_code() != 0 && first_ < 0) note_first(rank);
      }
      if (first_ >= 0 && !stopped_by_signal(exit_code()) && Clock::now() > end_of_farewell_) {
        for (const RankProcess& rank : ranks_) rank.send(SIGKILL);
      }
    }
    return exit_code();
  }
  bool interrupted() const { return interrupted_; }

 private:
  bool any_runs() const {
    return std::any_of(ranks_.begin(), ranks_.end(), [](const RankProcess& rank) { return rank.running(); });
  }
  int exit_code() const { return first_ < 0 ? 0 : *ranks_[static_cast<size_t>(first_)].exit_code(); }

  void wait_for_news() const {
    std::vector<pollfd> waited{{.fd = signals_.descriptor(), .events = POLLIN, .revents = 0}};
    for (const RankProcess& rank : ranks_) {
      if (rank.output() >= 0) waited.push_back({.fd = rank.output(), .events = POLLIN, .revents = 0});
    }
    ::poll(waited.data(), waited.size(), static_cast<int>(tick.count()));
  }

  void pass_on(int signal) {
    interrupted_ = true;
    for (const RankProcess& rank : ranks_) rank.send(signal);
  }

  // Ranks that end because another one is lost say so themselves; a rank that was killed cannot. Those that
  // have not met the others yet would wait for a rank that never comes.
  void note_first(const RankProcess& rank) {
    first_ = rank.rank();
    end_of_farewell_ = Clock::now() + options_.farewell;
    if (stopped_by_signal(exit_code()) && !rank.killed_by()) return;
    const std::string how = rank.killed_by() ? fmt::format("was killed by signal {}", *rank.killed_by())
                                             : fmt::format("ended with exit code {}", *rank.exit_code());
    for (const RankProcess& other : ranks_)
      other.tell(fmt::format("rank {} (process {}) {}", rank.rank(), rank.process(), how));
    log::error(
        "rank {} (process {}) {}{}", rank.rank(), rank.process(), how,
        rank.rank() == 0 || rank.last_lines().empty() ? "" : "; its last lines:\n" + rank.last_lines());
  }

  const LaunchOptions& options_;
  SignalQueue& signals_;
  std::vector<RankProcess> ranks_;
  int first_ = -1;  // the rank that ended first with another code than 0
  Clock::time_point end_of_farewell_;
  bool interrupted_ = false;
};

}  // namespace

int launch(const LaunchOptions& options) {
  SignalQueue signals;
  for (int number = 0;; ++number) {
    Attempt attempt(options, number, signals);
    const int exit_code = attempt.run();
    const bool failed = exit_code != 0 && exit_code != wrong_call && !stopped_by_signal(exit_code);
    if (!failed || attempt.interrupted() || number >= options.max_restarts) return exit_code;
    log::warning("starting all ranks again from the last checkpoint ({} of {} restarts)", number + 1,
                 options.max_restarts);
  }
}

}  // namespace cloze
