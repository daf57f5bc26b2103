#include "engine/base/signals.h"

#include <atomic>
#include <stdexcept>

namespace cloze {
namespace {

std::atomic<int> first_signal = 0;
std::atomic<bool> interrupt_seen = false;
std::atomic<bool> watching = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

extern "C" void cloze_remember_signal(int number) {
  if (number == SIGINT && interrupt_seen.exchange(true)) {
    // Delivered when this handler returns; the parent sees a death by SIGINT, as shells expect.
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
    return;
  }
  int none = 0;
  first_signal.compare_exchange_strong(none, number);
}

}  // namespace

SignalWatch::SignalWatch() {
  if (watching.exchange(true)) throw std::logic_error("two SignalWatch objects at a time");
  first_signal = 0;
  interrupt_seen = false;
  struct sigaction action = {};
  action.sa_handler = cloze_remember_signal;
  action.sa_flags = SA_RESTART;  // libraries need not know of EINTR
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &earlier_interrupt_);
  ::sigaction(SIGTERM, &action, &earlier_terminate_);
}

SignalWatch::~SignalWatch() {
  ::sigaction(SIGINT, &earlier_interrupt_, nullptr);
  ::sigaction(SIGTERM, &earlier_terminate_, nullptr);
  first_signal = 0;
  watching = false;
}

int interrupted() {
  return first_signal;
}

}  // namespace cloze
