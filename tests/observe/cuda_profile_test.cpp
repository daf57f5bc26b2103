// `cloze profile` with `device: cuda`, on the emulator of tests/simt: every launch has a time of its own.
#include <gtest/gtest.h>

#include "engine/observe/profile_run.h"
#include "tests/train/small_run.h"

namespace cloze::testing {
namespace {

TEST(CudaProfileRun, TimesEveryLaunchWithinItsStep) {
  const TemporaryFolder folder;
  write_small_corpus(folder, 40);
  PretrainOptions options = small_run(folder, "run");
  options.device = DeviceOption::cuda;
  options.batch.sequences = 4;
  options.training.steps = 10;

  const Profile profile = profile_pretraining(options, {.steps = 2, .warm_up = 1}, "test");
  EXPECT_EQ(profile.machine.substr(0, 12), "emulated GPU");
  EXPECT_GT(profile.ceilings.matmul_flops, 0);
  EXPECT_GT(profile.ceilings.copy_bytes, 0);
  ASSERT_EQ(profile.steps.size(), 2u);
  for (const ProfiledStep& step : profile.steps) {
    for (const ProfiledRun& run : step.runs) {
      ASSERT_EQ(run.launches.size(), profile.programs[run.program].graph->nodes().size());
      double reached = run.begin;
      constexpr double clock_error = 1e-5;  // events have microseconds, as floats
      for (const LaunchTime& launch : run.launches) {
        EXPECT_GE(launch.begin, reached - clock_error);
        EXPECT_GE(launch.end, launch.begin);
        reached = launch.end;
      }
      EXPECT_LE(reached, run.end + clock_error);
      EXPECT_GT(run.launches.back().end, run.launches.front().begin);
    }
  }
}

}  // namespace
}  // namespace cloze::testing
