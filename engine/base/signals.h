#pragma once

#include <csignal>

namespace cloze {

// While one lives, SIGINT and SIGTERM do not end the process but are remembered: a loop asks interrupted()
// and stops in good order. A SIGINT that follows a SIGINT ends the process at once. The earlier handlers come
// back with the destructor. At most one may live at a time (a second throws std::logic_error).
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct sigaction earlier_interrupt_ = {}, earlier_terminate_ = {};
};

// The signal (SIGINT or SIGTERM) that came first since the SignalWatch was made, or 0.
int interrupted();

}  // namespace cloze
