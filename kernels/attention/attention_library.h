#pragma once

#include "kernels/attention/attention.h"

namespace cloze {

// Attention of bf16 by a library instead of our kernels: the same mathematics, other roundings, and dropout
// masks of its own, which depend on how a batch is packed. Forward and backward of an op draw the same mask.
class AttentionLibrary {
 public:
  virtual ~AttentionLibrary() = default;
  // On device.stream. The first call of its sizes may allocate and take seconds; later ones can be captured.
  // Throws CudaError where the library has no such attention.
  virtual void forward(Cuda& device, const AttentionForward& op) = 0;
  virtual void backward(Cuda& device, const AttentionBackward& op) = 0;
};

}  // namespace cloze
