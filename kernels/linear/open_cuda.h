#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kernels/common/cuda.h"

namespace cloze {

// A GPU in use: its stream and its matmul library, for as long as this lives.
class OpenCuda {
 public:
  virtual ~OpenCuda() = default;
  virtual Cuda& device() = 0;
  virtual void finish() = 0;  // waits for all that was given to its stream
  // From now on the device's attention in bf16 is cuDNN's. Throws CudaError as make_cudnn_attention does.
  virtual void compute_attention_by_cudnn() = 0;
  // For people, another for each GPU of a machine: "NVIDIA H200 (GPU 3 at 0000:9d:00.0)".
  virtual const std::string& name() const = 0;
};

struct OpenCudaOptions {
  int number = 0;                   // of the GPU
  std::string matmul_choices_file;  // what the matmul library chose before (kernels/linear/matmul_choice.h)
  std::function<void(const std::string&)> say = [](const std::string&) {};  // warnings
};

// How many GPUs this process can see; 0 without a driver and in a program that was built without CUDA.
int visible_gpus();

// Throws CudaError, saying why, where there is no such GPU, where driver, toolkit and GPU do not go together
// (kernels/common/cuda_fit.h), and in a program that was built without CUDA.
std::unique_ptr<OpenCuda> open_cuda(const OpenCudaOptions& options);

}  // namespace cloze
