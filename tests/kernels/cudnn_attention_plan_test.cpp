// cuDNN itself makes our plans, for GPUs that it is only told of; nothing runs. The driver that it loads code
// with is tests/kernels/idle_driver.cpp.
#include "kernels/attention/cudnn_attention_plan.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/attention/cudnn_library.h"

namespace {

int compute_capability = 90;  // of the GPU that the frontend finds

}  // namespace

// What the frontend asks of the runtime.
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  properties->major = compute_capability / 10;
  properties->minor = compute_capability % 10;
  return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t) {
  return "no error";
}
cudaError_t cudaDeviceSynchronize() {
  return cudaErrorNotSupported;
}
cudaError_t cudaEventCreate(cudaEvent_t*) {
  return cudaErrorNotSupported;
}
cudaError_t cudaEventDestroy(cudaEvent_t) {
  return cudaErrorNotSupported;
}
cudaError_t cudaEventElapsedTime(float*, cudaEvent_t, cudaEvent_t) {
  return cudaErrorNotSupported;
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
  return cudaErrorNotSupported;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return cudaErrorNotSupported;
}
cudaError_t cudaMemcpyAsync(void*, const void*, size_t, cudaMemcpyKind, cudaStream_t) {
  return cudaErrorNotSupported;
}
cudaError_t cudaMemsetAsync(void*, int, size_t, cudaStream_t) {
  return cudaErrorNotSupported;
}

namespace cloze {
namespace {

using ::testing::HasSubstr;

// Of an H100, H200 or B200 as cuDNN writes them down.
std::string properties_of(int capability) {
  return fmt::format(
      R"({{"deviceName": "a GPU", "cudaDeviceId": 0, "deviceVer": {}, "multiProcessorCount": 132, )"
      R"("driverVer": 13000, "maxSharedMemoryPerBlockOptin": 232448, "totalGlobalMem": 150000000000, )"
      R"("maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64], )"
      R"("regsPerBlock": 65536, "warpSize": 32, "maxSharedMemoryPerBlock": 49152, )"
      R"("reservedSharedMemoryPerBlock": 1024, "maxRegistersPerSM": 65536, "maxCtasPerSM": 32, )"
      R"("maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "pciDeviceId": 0, "isTccDriver": 0, )"
      R"("supportCoopLaunch": 1, "smClockRateKHz": 1980000, "memClockRateKHz": 3201000, )"
      R"("l2CacheSize": 62914560}})",
      10 * capability);
}

class CudnnAttentionPlan : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_NE(::dlopen(CLOZE_IDLE_DRIVER, RTLD_NOW | RTLD_GLOBAL), nullptr) << ::dlerror();
  }
  void SetUp() override {
    try {
      load_cudnn();
    } catch (const CudaError& error) {
      GTEST_SKIP() << error.what();
    }
  }
  // BERT-large's attention over 32,768 tokens.
  static AttentionPlanShape shape(bool backward, int64_t longest, float dropout = 0.1f) {
    constexpr int64_t tokens = 32768, heads = 16, head_size = 64, hidden = heads * head_size;
    return {.backward = backward,
            .sequences = tokens / longest + 7,
            .heads = heads,
            .head_size = head_size,
            .scale = 0.125f,
            .dropout = dropout,
            .most_queries = longest,
            .most_keys = longest,
            .query_rows = tokens,
            .key_rows = tokens,
            .query_stride = 3 * hidden,
            .key_stride = 3 * hidden,
            .output_stride = hidden,
            .statistics_stride = heads,
            .output_gradient_stride = hidden,
            .query_gradient_stride = 3 * hidden,
            .key_gradient_stride = 3 * hidden};
  }
  static std::unique_ptr<AttentionPlan> plan(const AttentionPlanShape& shape, int capability = 90) {
    compute_capability = capability;
    return make_cudnn_attention_plan(shape, {.properties = properties_of(capability)});
  }
};

TEST_F(CudnnAttentionPlan, IsMadeForHopper) {
  for (const int64_t longest : {128, 512}) {
    SCOPED_TRACE(longest);
    EXPECT_LT(plan(shape(false, longest))->workspace_bytes(), 1 << 20);
    const int64_t backward = plan(shape(true, longest))->workspace_bytes();
    EXPECT_GT(backward, 1 << 20);  // of the deterministic sums
    fmt::print("working memory of backward, longest {}: {:.2f} GB\n", longest,
               1e-9 * static_cast<double>(backward));
  }
}

TEST_F(CudnnAttentionPlan, TakesOtherHeadsAndNoDropout) {
  for (const int64_t head_size : {32, 128}) {
    AttentionPlanShape other = shape(true, 512, 0);
    other.head_size = head_size;
    EXPECT_NE(plan(other), nullptr);
  }
}

// The last layer's queries are few, with a tensor of their own; its keys and values lie side by side.
TEST_F(CudnnAttentionPlan, TakesFewQueries) {
  for (const bool backward : {false, true}) {
    AttentionPlanShape few = shape(backward, 128);
    few.query_rows = 6000;
    few.query_stride = few.query_gradient_stride = 1024;
    few.key_stride = few.key_gradient_stride = 2048;
    EXPECT_NE(plan(few), nullptr);
  }
}

TEST_F(CudnnAttentionPlan, SaysWhyThereIsNone) {
  const auto reason = [](int capability) -> std::string {
    try {
      plan(shape(true, 512), capability);
    } catch (const CudaError& error) {
      return error.what();
    }
    return "there is one";
  };
  EXPECT_THAT(reason(80), HasSubstr("cuDNN has no such attention: "));
  EXPECT_THAT(reason(100), HasSubstr("cuDNN has no such attention: "));
}

TEST(CudnnLibrary, SaysWhatToInstallWhereThereIsNone) {
  try {
    load_cudnn("libcudnn.so.no-such-version");
    ADD_FAILURE() << "there is one";
  } catch (const CudaError& error) {
    EXPECT_THAT(error.what(), HasSubstr("libcudnn.so.no-such-version"));
    EXPECT_THAT(error.what(), HasSubstr("install cuDNN 9 for CUDA"));
  }
}

}  // namespace
}  // namespace cloze
