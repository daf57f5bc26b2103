#include "kernels/common/cupti_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/gpu_trace.h"
#include "kernels/linear/open_cuda.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;

std::string message_of_opening(const std::string& file) {
  try {
    open_cupti(file);
  } catch (const CudaError& error) {
    return error.what();
  }
  return "";
}

TEST(CuptiLibrary, IsThatOfTheToolkit) {
  uint32_t version = 0;
  ASSERT_EQ(cupti().get_version(&version), CUPTI_SUCCESS);
  EXPECT_GE(version, uint32_t{CUPTI_API_VERSION});
}

TEST(CuptiLibrary, SaysWhatToInstallWhereThereIsNone) {
  const std::string message = message_of_opening("libcupti.so.no-such-version");
  EXPECT_THAT(message, HasSubstr("libcupti.so.no-such-version"));
  EXPECT_THAT(message, HasSubstr("install CUPTI for CUDA"));
}

TEST(CuptiLibrary, NamesAFunctionThatIsMissing) {
  EXPECT_THAT(message_of_opening("libm.so.6"), HasSubstr("CUPTI has no cuptiGetVersion: install"));
}

TEST(GpuTrace, SaysWhatCuptiSaysWhereThereIsNoGpu) {
  if (visible_gpus() > 0) GTEST_SKIP() << "there is a GPU here";
  try {
    const GpuTrace trace;
    FAIL() << "traces no GPU";
  } catch (const CudaError& error) {
    EXPECT_THAT(error.what(), HasSubstr("CUPTI_ERROR"));
  }
}

}  // namespace
}  // namespace cloze
