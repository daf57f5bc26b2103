// Each detector of the emulator finds the bug planted for it, in every order, and names kernel, thread and
// memory; the sound kernels pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/simt/planted_bugs.h"
#include "tests/simt/simt.h"

namespace cloze::testing {
namespace {

using simt::Fault;
using simt::FaultKind;
using simt::orders_to_try;
using simt::set_order;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

std::optional<Fault> fault_of(Bug bug, uint64_t order) {
  set_order(order);
  std::optional<Fault> found;
  try {
    run_planted(bug);
  } catch (const Fault& fault) {
    found = fault;
  }
  set_order(0);
  return found;
}

void expect_found(Bug bug, const ::testing::Matcher<FaultKind>& kind,
                  const ::testing::Matcher<std::string>& message) {
  for (uint64_t order = 0; order < 2 * orders_to_try; ++order) {
    SCOPED_TRACE(order);
    const std::optional<Fault> fault = fault_of(bug, order);
    ASSERT_TRUE(fault.has_value());
    EXPECT_THAT(fault->kind(), kind) << fault->what();
    EXPECT_THAT(std::string(fault->what()), message);
    EXPECT_THAT(fault->what(), AllOf(HasSubstr("kernel "), HasSubstr("block ("), HasSubstr("thread (")));
    EXPECT_THAT(fault->what(), HasSubstr("planted_bugs.cu:")) << "names no place in the source";
  }
}

TEST(Detectors, SoundKernelsPassInEveryOrder) {
  set_order(0);
  const float expected = run_planted(Bug::none);
  EXPECT_EQ(expected, 511 * 512 / 2);
  for (uint64_t order = 1; order < 2 * orders_to_try; ++order) {
    set_order(order);
    EXPECT_EQ(run_planted(Bug::none), expected);
  }
  set_order(0);
}

TEST(Detectors, Bounds) {
  expect_found(
      Bug::off_by_one, FaultKind::out_of_bounds,
      AllOf(HasSubstr("copy_with_offsets"), HasSubstr("read of 4 bytes out of bounds, at byte 2048 of "
                                                      "device memory (2048 bytes)")));
  expect_found(Bug::off_by_one_write, FaultKind::out_of_bounds, HasSubstr("write of 4 bytes out of bounds"));
  expect_found(Bug::past_shared_memory, FaultKind::out_of_bounds,
               HasSubstr("at byte 256 of dynamic shared memory (256 bytes)"));
  expect_found(Bug::host_pointer, FaultKind::out_of_bounds, HasSubstr("which is no device memory"));
  expect_found(Bug::register_array, FaultKind::out_of_bounds, HasSubstr("index 4 out of bounds"));
}

TEST(Detectors, Alignment) {
  for (const uint64_t order : {0, 1}) {
    const std::optional<Fault> fault = fault_of(Bug::misaligned, order);
    ASSERT_TRUE(fault.has_value());
    EXPECT_EQ(fault->kind(), FaultKind::misaligned) << fault->what();
    EXPECT_THAT(fault->what(),
                AllOf(HasSubstr("kernel read_misaligned"), HasSubstr("not aligned to the 16 bytes"),
                      HasSubstr("kernels/common/vector.cuh:")));
  }
}

TEST(Detectors, ReadsOfWhatWasNeverWritten) {
  expect_found(Bug::uninitialised, FaultKind::never_written,
               AllOf(HasSubstr("read of 4 bytes"), HasSubstr("device memory, which was never written")));
  expect_found(Bug::uninitialised_shared, FaultKind::never_written,
               AllOf(HasSubstr("thread (7, 0, 0)"), HasSubstr("static shared memory")));
}

TEST(Detectors, RacesInABlock) {
  const auto race = AllOf(HasSubstr("kernel pass_on"), HasSubstr("dynamic shared memory races with the"));
  expect_found(Bug::missing_barrier, FaultKind::race, race);
  expect_found(Bug::missing_barrier_in_loop, FaultKind::race, race);
  expect_found(Bug::race_between_warps, FaultKind::race, race);
}

TEST(Detectors, RacesInAWarp) {
  const auto race = AllOf(HasSubstr("kernel exchange_in_warp"), HasSubstr("static shared memory races with"));
  expect_found(Bug::missing_warp_barrier, FaultKind::race, race);
  expect_found(Bug::shuffle_as_barrier, FaultKind::race, race);
}

TEST(Detectors, RacesBetweenBlocks) {
  expect_found(Bug::race_between_blocks, FaultKind::race,
               AllOf(HasSubstr("device memory races with the write by another block")));
}

TEST(Detectors, Divergence) {
  expect_found(Bug::divergent_barrier, FaultKind::divergence,
               AllOf(HasSubstr("waits at a __syncthreads"), HasSubstr("has left the kernel")));
  expect_found(Bug::divergent_places, FaultKind::divergence, HasSubstr("waits at a __syncthreads"));
  expect_found(Bug::divergent_collective, FaultKind::divergence, HasSubstr("waits at a warp collective"));
}

TEST(Detectors, AsynchronousCopies) {
  expect_found(Bug::early_copy_read, FaultKind::copy_in_flight,
               HasSubstr("which a cp.async is still filling"));
  expect_found(Bug::copy_without_barrier,
               AnyOf(FaultKind::race, FaultKind::copy_in_flight, FaultKind::never_written),
               HasSubstr("dynamic shared memory"));
  expect_found(Bug::overwritten_copy_source, FaultKind::race, HasSubstr("dynamic shared memory races with"));
}

TEST(Detectors, AtomicAccesses) {
  expect_found(Bug::atomic_past_memory, FaultKind::out_of_bounds,
               AllOf(HasSubstr("kernel raise_maximum"), HasSubstr("atomic access of 4 bytes out of bounds")));
  expect_found(Bug::atomic_misaligned, FaultKind::misaligned, HasSubstr("atomic access of 4 bytes at"));
  expect_found(Bug::atomic_uninitialised, FaultKind::never_written, HasSubstr("which was never written"));
}

}  // namespace
}  // namespace cloze::testing
