#include "kernels/attention/attention_cudnn.h"

#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <string>

#include "kernels/attention/cudnn_attention_plan.h"
#include "kernels/attention/cudnn_library.h"
#include "kernels/attention/planned_attention.h"

namespace cloze {
namespace {

void check(cudnnStatus_t status, const char* call) {
  if (status != CUDNN_STATUS_SUCCESS)
    throw CudaError(std::string(call) + ": " + ::cudnnGetErrorString(status));
}

int current_gpu() {
  int number = 0;
  if (const cudaError_t error = cudaGetDevice(&number); error != cudaSuccess)
    throw CudaError(std::string("cudaGetDevice: ") + cudaGetErrorString(error));
  return number;
}

class Handle {
 public:
  explicit Handle(CUstream_st* stream) {
    check(::cudnnCreate(&handle_), "cudnnCreate");
    check(::cudnnSetStream(handle_, stream), "cudnnSetStream");
  }
  ~Handle() { ::cudnnDestroy(handle_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  cudnnHandle_t get() const { return handle_; }

 private:
  cudnnHandle_t handle_ = nullptr;
};

class CudnnAttention final : public AttentionLibrary {
 public:
  explicit CudnnAttention(const Cuda& device)
      : handle_(device.stream), planned_([this](const AttentionPlanShape& shape) {
          return make_cudnn_attention_plan(
              shape, {.device = current_gpu(), .properties = {}, .handle = handle_.get()});
        }) {}
  void forward(Cuda& device, const AttentionForward& op) override { planned_.forward(device, op); }
  void backward(Cuda& device, const AttentionBackward& op) override { planned_.backward(device, op); }

 private:
  Handle handle_;
  PlannedAttention planned_;
};

}  // namespace

std::unique_ptr<AttentionLibrary> make_cudnn_attention(const Cuda& device) {
  load_cudnn();
  constexpr int hopper = 9;
  if (device.compute_capability / 10 != hopper)
    throw CudaError("cuDNN " + cudnn_version() +
                    " has deterministic attention over packed sequences with dropout for GPUs of compute "
                    "capability 9.x only; this one is of " +
                    std::to_string(device.compute_capability / 10) + "." +
                    std::to_string(device.compute_capability % 10));
  return std::make_unique<CudnnAttention>(device);
}

}  // namespace cloze
