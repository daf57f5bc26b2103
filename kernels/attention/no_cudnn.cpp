// The answer where there is no cuDNN to build with.
#include "kernels/attention/attention_cudnn.h"

namespace cloze {

std::unique_ptr<AttentionLibrary> make_cudnn_attention(const Cuda&) {
  throw CudaError(
      "this program was built without cuDNN: build it where cuDNN (9.8 or later) and its frontend are found");
}

}  // namespace cloze
