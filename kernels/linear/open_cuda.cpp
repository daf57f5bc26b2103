#include "kernels/linear/open_cuda.h"

#include <cuda_runtime.h>

#include <string>

#include "kernels/attention/attention_cudnn.h"
#include "kernels/common/cuda_fit.h"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/cuda_stream.h"
#include "kernels/linear/matmul_cublaslt.h"

namespace cloze {
namespace {

void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw CudaError(std::string(call) + ": " + cudaGetErrorString(error));
}

CudaMachine machine_with(int number) {
  CudaMachine machine{.number = number};
  if (cudaDriverGetVersion(&machine.driver) != cudaSuccess) machine.driver = 0;
  check(cudaRuntimeGetVersion(&machine.toolkit), "cudaRuntimeGetVersion");
  if (cudaGetDeviceCount(&machine.devices) != cudaSuccess) machine.devices = 0;
  if (number >= machine.devices) return machine;
  check(cudaSetDevice(number), "cudaSetDevice");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, number), "cudaGetDeviceProperties");
  machine.gpu = properties.name;
  machine.compute_capability = 10 * properties.major + properties.minor;
  machine.has_code = kernels_fit_device();
  return machine;
}

std::string full_name(const CudaMachine& machine) {
  char bus[32] = {};  // "0000:9d:00.0"
  check(cudaDeviceGetPCIBusId(bus, sizeof bus, machine.number), "cudaDeviceGetPCIBusId");
  return machine.gpu + " (GPU " + std::to_string(machine.number) + " at " + bus + ")";
}

class OpenGpu final : public OpenCuda {
 public:
  OpenGpu(const OpenCudaOptions& options, const CudaMachine& machine)
      : name_(full_name(machine)), device_(current_cuda_device(stream_.get())) {
    constexpr int64_t workspace_bytes = 32 << 20;  // what the library's documentation advises for sm_90
    workspace_.reset(cuda_allocate(workspace_bytes));
    matmul_ = make_cublaslt({.workspace = workspace_.get(),
                             .workspace_bytes = workspace_bytes,
                             .gpu = machine.gpu + " " + std::to_string(machine.compute_capability),
                             .choices_file = options.matmul_choices_file,
                             .say = options.say});
    device_.matmul = matmul_.get();
  }
  OpenGpu(const OpenGpu&) = delete;
  OpenGpu& operator=(const OpenGpu&) = delete;
  Cuda& device() override { return device_; }
  void finish() override { stream_.wait(); }
  void compute_attention_by_cudnn() override {
    attention_ = make_cudnn_attention(device_);
    device_.attention = attention_.get();
  }
  const std::string& name() const override { return name_; }

 private:
  struct Free {
    void operator()(void* memory) const { cuda_free(memory); }
  };
  const std::string name_;
  CudaStream stream_;
  Cuda device_;
  std::unique_ptr<void, Free> workspace_;
  std::unique_ptr<MatmulLibrary> matmul_;
  std::unique_ptr<AttentionLibrary> attention_;  // or none
};

}  // namespace

int visible_gpus() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::unique_ptr<OpenCuda> open_cuda(const OpenCudaOptions& options) {
  const CudaMachine machine = machine_with(options.number);
  if (const std::string reason = unfit_reason(machine); !reason.empty()) throw CudaError(reason);
  return std::make_unique<OpenGpu>(options, machine);
}

}  // namespace cloze
