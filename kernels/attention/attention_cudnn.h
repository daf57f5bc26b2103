#pragma once

#include <memory>

#include "kernels/attention/attention_library.h"

namespace cloze {

// cuDNN's attention on device.stream, as long as the device lives. Deterministic. Throws CudaError in a
// program that was built without it, where cuDNN cannot be loaded, and on a GPU for which it has no
// deterministic attention over packed sequences with dropout: it has one for Hopper (cuDNN 9.19).
std::unique_ptr<AttentionLibrary> make_cudnn_attention(const Cuda& device);

}  // namespace cloze
