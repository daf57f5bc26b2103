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
};

struct OpenCudaOptions {
  int number = 0;                   // of the GPU
  std::string matmul_choices_file;  // what the matmul library chose before (kernels/linear/matmul_choice.h)
  std::function<void(const std::string&)> say = [](const std::string&) {};  // warnings
};

// Throws CudaError, saying why, where there is no such GPU, where driver, toolkit and GPU do not go together
// (kernels/common/cuda_fit.h), and in a program that was built without CUDA.
std::unique_ptr<OpenCuda> open_cuda(const OpenCudaOptions& options);

}  // namespace cloze
