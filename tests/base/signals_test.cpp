#include "engine/base/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace cloze {
namespace {

void send_to_process(int signal) {
  ::kill(::getpid(), signal);
}

// The thread of the watch needs a moment.
int interrupted_soon() {
  for (int i = 0; i < 2000 && interrupted() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return interrupted();
}

TEST(SignalWatch, RemembersTheFirstSignal) {
  EXPECT_EQ(interrupted(), 0);
  {
    const SignalWatch watch;
    EXPECT_EQ(interrupted(), 0);
    send_to_process(SIGTERM);
    EXPECT_EQ(interrupted_soon(), SIGTERM);
    send_to_process(SIGTERM);  // schedulers repeat it: still no end
    send_to_process(SIGINT);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(interrupted(), SIGTERM);
  }
  EXPECT_EQ(interrupted(), 0);
}

TEST(SignalWatch, PutsTheEarlierHandlersBack) {
  std::signal(SIGINT, SIG_IGN);
  { const SignalWatch watch; }
  EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_IGN);
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  EXPECT_FALSE(::sigismember(&blocked, SIGINT));
  EXPECT_FALSE(::sigismember(&blocked, SIGTERM));
}

TEST(SignalWatch, NoHandlerRunsOnThreadsMadeAfterIt) {
  const SignalWatch watch;
  sigset_t blocked;
  std::thread([&] { ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked); }).join();
  EXPECT_TRUE(::sigismember(&blocked, SIGINT));
  EXPECT_TRUE(::sigismember(&blocked, SIGTERM));
}

TEST(SignalWatch, TakesSignalsOnThreadsThatWereThereBefore) {
  std::atomic<bool> done = false;
  std::thread earlier([&] {
    while (!done) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  {
    const SignalWatch watch;
    ::pthread_kill(earlier.native_handle(), SIGTERM);
    EXPECT_EQ(interrupted_soon(), SIGTERM);
  }
  done = true;
  earlier.join();
}

TEST(SignalWatch, OneAtATime) {
  const SignalWatch watch;
  EXPECT_THROW(SignalWatch(), std::logic_error);
  send_to_process(SIGINT);
  EXPECT_EQ(interrupted_soon(), SIGINT);
}

TEST(SignalWatchDeathTest, TheSecondInterruptEndsTheProcess) {
  const auto interrupt_twice = [] {
    const SignalWatch watch;
    send_to_process(SIGINT);
    if (interrupted_soon() != SIGINT) std::exit(3);
    send_to_process(SIGINT);
    std::this_thread::sleep_for(std::chrono::seconds(5));
    std::exit(4);
  };
  EXPECT_EXIT(interrupt_twice(), testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace cloze
