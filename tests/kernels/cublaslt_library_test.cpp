#include "kernels/linear/cublaslt_library.h"

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/common/cuda.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;

std::string message_of_opening(const std::string& file) {
  try {
    open_cublaslt(file);
  } catch (const CudaError& error) {
    return error.what();
  }
  return "";
}

TEST(CublasLtLibrary, IsThatOfTheToolkit) {
  EXPECT_EQ(cublaslt().get_version() / 10000, size_t{CUDART_VERSION / 1000});
}

TEST(CublasLtLibrary, SaysWhatToInstallWhereThereIsNone) {
  const std::string message = message_of_opening("libcublasLt.so.no-such-version");
  EXPECT_THAT(message, HasSubstr("libcublasLt.so.no-such-version"));
  EXPECT_THAT(message, HasSubstr("install cuBLAS for CUDA"));
}

TEST(CublasLtLibrary, NamesAFunctionThatIsMissing) {
  EXPECT_THAT(message_of_opening("libm.so.6"), HasSubstr("cuBLASLt has no cublasLtCreate: install"));
}

}  // namespace
}  // namespace cloze
