#include "kernels/linear/open_cuda.h"

#include <cuda_runtime.h>

#include <string>

#include "kernels/common/cuda_memory.h"
#include "kernels/linear/matmul_cublaslt.h"

namespace cloze {
namespace {

void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw CudaError(std::string(call) + ": " + cudaGetErrorString(error));
}

class OpenGpu final : public OpenCuda {
 public:
  explicit OpenGpu(int number) {
    check(cudaSetDevice(number), "cudaSetDevice");
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    device_ = current_cuda_device(stream_);
    constexpr int64_t workspace_bytes = 32 << 20;  // what the library's documentation advises for sm_90
    workspace_ = cuda_allocate(workspace_bytes);
    matmul_ = make_cublaslt(workspace_, workspace_bytes);
    device_.matmul = matmul_.get();
  }
  ~OpenGpu() override {
    matmul_.reset();
    cuda_free(workspace_);
    if (stream_ != nullptr) cudaStreamDestroy(stream_);
  }
  OpenGpu(const OpenGpu&) = delete;
  OpenGpu& operator=(const OpenGpu&) = delete;
  Cuda& device() override { return device_; }

 private:
  Cuda device_;
  cudaStream_t stream_ = nullptr;
  void* workspace_ = nullptr;
  std::unique_ptr<MatmulLibrary> matmul_;
};

}  // namespace

std::unique_ptr<OpenCuda> open_cuda(int number) {
  return std::make_unique<OpenGpu>(number);
}

}  // namespace cloze
