#include "engine/base/signals.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <stdexcept>

namespace cloze {
namespace {

std::atomic<int> first_signal = 0;
std::atomic<bool> interrupt_seen = false;
std::atomic<bool> watching = false;
std::atomic<bool> stopping = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

sigset_t watched_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

// The parent sees a death by SIGINT, as shells expect.
void end_by_interrupt() {
  std::signal(SIGINT, SIG_DFL);
  sigset_t interrupt;
  ::sigemptyset(&interrupt);
  ::sigaddset(&interrupt, SIGINT);
  ::raise(SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
}

extern "C" void cloze_remember_signal(int number) {
  if (number == SIGINT && interrupt_seen.exchange(true)) return end_by_interrupt();
  int none = 0;
  first_signal.compare_exchange_strong(none, number);
}

void wait_for_signals() {
  const sigset_t signals = watched_signals();
  for (;;) {
    int number = 0;
    if (::sigwait(&signals, &number) != 0) continue;
    if (stopping) return;
    cloze_remember_signal(number);
  }
}

}  // namespace

SignalWatch::SignalWatch() {
  if (watching.exchange(true)) throw std::logic_error("two SignalWatch objects at a time");
  first_signal = 0;
  interrupt_seen = false;
  stopping = false;
  const sigset_t signals = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, &earlier_mask_);
  // For threads that were there before: they do not block the signals and may be chosen to take them.
  struct sigaction action = {};
  action.sa_handler = cloze_remember_signal;
  action.sa_flags = SA_RESTART;  // libraries need not know of EINTR
  action.sa_mask = signals;
  ::sigaction(SIGINT, &action, &earlier_interrupt_);
  ::sigaction(SIGTERM, &action, &earlier_terminate_);
  waiting_ = std::thread(wait_for_signals);
}

SignalWatch::~SignalWatch() {
  stopping = true;
  ::pthread_kill(waiting_.native_handle(), SIGTERM);
  waiting_.join();
  ::sigaction(SIGINT, &earlier_interrupt_, nullptr);
  ::sigaction(SIGTERM, &earlier_terminate_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &earlier_mask_, nullptr);
  first_signal = 0;
  watching = false;
}

int interrupted() {
  return first_signal;
}

}  // namespace cloze
