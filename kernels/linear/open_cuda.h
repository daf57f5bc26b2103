#pragma once

#include <memory>

#include "kernels/common/cuda.h"

namespace cloze {

// A GPU in use: its stream and its matmul library, for as long as this lives.
class OpenCuda {
 public:
  virtual ~OpenCuda() = default;
  virtual Cuda& device() = 0;
};

// GPU `number` of this machine. Throws CudaError where there is none, where it is too old, and in a program
// that was built without CUDA.
std::unique_ptr<OpenCuda> open_cuda(int number);

}  // namespace cloze
