// `cloze profile` with `device: cuda`, on the emulator of tests/simt: every launch has a time of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/observe/profile_run.h"
#include "kernels/common/gpu_trace.h"
#include "tests/simt/emulated_cupti.h"
#include "tests/simt/simt.h"
#include "tests/train/small_run.h"

namespace cloze::testing {
namespace {

using ::testing::HasSubstr;

PretrainOptions small_cuda_run(const TemporaryFolder& folder) {
  write_small_corpus(folder, 40);
  PretrainOptions options = small_run(folder, "run");
  options.device = DeviceOption::cuda;
  options.batch.sequences = 4;
  options.training.steps = 10;
  return options;
}

void expect_launches_within_their_steps(const Profile& profile, double clock_error) {
  ASSERT_EQ(profile.steps.size(), 2u);
  for (const ProfiledStep& step : profile.steps) {
    for (const ProfiledRun& run : step.runs) {
      ASSERT_EQ(run.launches.size(), profile.programs[run.program].graph->nodes().size());
      double reached = run.begin;
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

TEST(CudaProfileRun, TimesEveryLaunchWithinItsStep) {
  const TemporaryFolder folder;
  const Profile profile = profile_pretraining(small_cuda_run(folder), {.steps = 2, .warm_up = 1}, "test");
  EXPECT_EQ(profile.machine.substr(0, 12), "emulated GPU");
  EXPECT_EQ(profile.timing, "events of the GPU's stream, launch by launch");
  EXPECT_GT(profile.ceilings.matmul_flops, 0);
  EXPECT_GT(profile.ceilings.copy_bytes, 0);
  expect_launches_within_their_steps(profile, 1e-5);  // events have microseconds, as floats
}

// Without CUPTI's header this program has no trace either.
#if CLOZE_HAS_CUPTI
class ReplayedProfile : public ::testing::Test {
 protected:
  ~ReplayedProfile() override { simt::set_cupti_faults({}); }
  Profile profile() {
    const TemporaryFolder folder;
    return profile_pretraining(small_cuda_run(folder), {.steps = 2, .warm_up = 1, .replayed = true}, "test");
  }
  std::string error_with(const simt::CuptiFaults& faults) {
    simt::set_cupti_faults(faults);
    try {
      profile();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(ReplayedProfile, TimesEveryLaunchOfTheCudaGraph) {
  const uint64_t replays = simt::replay_count();
  const Profile replayed = profile();
  EXPECT_GE(simt::replay_count(), replays + 4) << "two steps, each as always and traced";
  EXPECT_EQ(replayed.timing, "CUPTI's notes of the replayed CUDA graph");
  expect_launches_within_their_steps(replayed,
                                     1e-7);  // CUPTI has nanoseconds, the two clocks are read in turn
  EXPECT_EQ(simt::cupti_buffers(), 0);
  double longest = 0;
  for (const LaunchTime& launch : replayed.steps[0].runs[0].launches)
    longest = std::max(longest, launch.seconds());
  EXPECT_GT(longest, 0);
}

TEST_F(ReplayedProfile, SaysWhyThereIsNone) {
  EXPECT_THAT(error_with({.refuses = true}), HasSubstr("NVreg_RestrictProfilingToAdminUsers"));
  EXPECT_THAT(error_with({.version = 22}), HasSubstr("CUPTI is of version 22"));
  EXPECT_THAT(error_with({.lost = 3}), HasSubstr("CUPTI lost 3 records"));
  EXPECT_THAT(error_with({.without_times = true}), HasSubstr("a record without times"));
  EXPECT_THAT(error_with({.renamed_replayed = "another"}), HasSubstr("runs another where launch"));
  EXPECT_THAT(error_with({.notes_no_graphs = true}), HasSubstr("cannot be told apart"));
  EXPECT_EQ(simt::cupti_buffers(), 0);
}

TEST_F(ReplayedProfile, NeedsARecordedGraph) {
  simt::make_captures_fail(true);
  const std::string error = error_with({});
  simt::make_captures_fail(false);
  EXPECT_THAT(error, HasSubstr("not recorded as a CUDA graph"));
}

TEST_F(ReplayedProfile, IsOneAtATime) {
  const GpuTrace first;
  EXPECT_THROW(GpuTrace(), CudaError);
}
#endif

TEST(ReplayedProfileOnACpu, IsRefused) {
  const TemporaryFolder folder;
  PretrainOptions options = small_cuda_run(folder);
  options.device = DeviceOption::cpu;
  EXPECT_THROW(profile_pretraining(options, {.steps = 1, .replayed = true}, "test"), UsageError);
}

}  // namespace
}  // namespace cloze::testing
