#include "engine/base/signals.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>

namespace cloze {
namespace {

TEST(SignalWatch, RemembersTheFirstSignal) {
  EXPECT_EQ(interrupted(), 0);
  {
    const SignalWatch watch;
    EXPECT_EQ(interrupted(), 0);
    std::raise(SIGTERM);
    EXPECT_EQ(interrupted(), SIGTERM);
    std::raise(SIGTERM);  // schedulers repeat it: still no end
    std::raise(SIGINT);
    EXPECT_EQ(interrupted(), SIGTERM);
  }
  EXPECT_EQ(interrupted(), 0);
}

TEST(SignalWatch, PutsTheEarlierHandlersBack) {
  std::signal(SIGINT, SIG_IGN);
  { const SignalWatch watch; }
  EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_IGN);
}

TEST(SignalWatch, OneAtATime) {
  const SignalWatch watch;
  EXPECT_THROW(SignalWatch(), std::logic_error);
  std::raise(SIGINT);
  EXPECT_EQ(interrupted(), SIGINT);
}

TEST(SignalWatchDeathTest, TheSecondInterruptEndsTheProcess) {
  const auto interrupt_twice = [] {
    const SignalWatch watch;
    std::raise(SIGINT);
    if (interrupted() != SIGINT) std::exit(3);
    std::raise(SIGINT);
    std::exit(4);
  };
  EXPECT_EXIT(interrupt_twice(), testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace cloze
