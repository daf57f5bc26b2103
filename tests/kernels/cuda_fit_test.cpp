#include "kernels/common/cuda_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cloze {
namespace {

using ::testing::HasSubstr;

const CudaMachine fitting{.driver = 13000,
                          .toolkit = 13000,
                          .devices = 2,
                          .number = 1,
                          .gpu = "NVIDIA A100",
                          .compute_capability = 80};

CudaMachine with(auto change) {
  CudaMachine machine = fitting;
  change(machine);
  return machine;
}

TEST(CudaFit, NothingToSayWhereItFits) {
  EXPECT_EQ(unfit_reason(fitting), "");
  EXPECT_EQ(unfit_reason(with([](auto& m) { m.driver = 13010; })), "");
  EXPECT_EQ(unfit_reason(with([](auto& m) { m.driver = 14000; })), "");
  EXPECT_EQ(unfit_reason(with([](auto& m) { m.driver = 13000, m.toolkit = 13010; })), "");
}

TEST(CudaFit, SaysWhatDoesNotFitAndWhatToDo) {
  EXPECT_THAT(unfit_reason(with([](auto& m) { m.driver = 0; })), HasSubstr("no NVIDIA driver: install it"));
  EXPECT_THAT(unfit_reason(with([](auto& m) { m.driver = 12080; })),
              HasSubstr("the driver is for CUDA 12.8, this program was built with 13.0: update the driver"));
  EXPECT_THAT(unfit_reason(with([](auto& m) { m.devices = 0; })), HasSubstr("CUDA_VISIBLE_DEVICES"));
  EXPECT_THAT(unfit_reason(with([](auto& m) { m.number = 2; })),
              HasSubstr("there is no GPU 2: they are numbered 0 to 1"));
  EXPECT_THAT(unfit_reason(with([](auto& m) { m.gpu = "Tesla V100", m.compute_capability = 70; })),
              HasSubstr("Tesla V100 has compute capability 7.0; Cloze needs 8.0"));
  EXPECT_THAT(unfit_reason(with([](auto& m) { m.compute_capability = 120, m.has_code = false; })),
              HasSubstr("build it with -DCLOZE_CUDA_ARCHITECTURES=120"));
}

}  // namespace
}  // namespace cloze
