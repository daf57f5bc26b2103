#pragma once

#include <signal.h>

#include <thread>

namespace cloze {

// While one lives, SIGINT and SIGTERM sent to the process do not end it but are remembered: a loop asks
// interrupted() and stops in good order. A SIGINT that follows a SIGINT ends the process at once. The earlier
// handling comes back with the destructor. At most one may live at a time (a second throws std::logic_error).
//
// The signals are blocked in the thread that makes the watch, and so in every thread that is started after
// it; a thread of the watch waits for them. Make it before threads that compute: no handler may run on a
// thread inside oneDNN's AVX-512 sgemm, where the frame of a handler overwrites the heap (seen with 2.6.3).
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  sigset_t earlier_mask_ = {};
  struct sigaction earlier_interrupt_ = {}, earlier_terminate_ = {};
  std::thread waiting_;
};

// The signal (SIGINT or SIGTERM) that came first since the SignalWatch was made, or 0.
int interrupted();

}  // namespace cloze
