// What the tests of tests/simt ask of the emulator, answered by a GPU: its own order of threads three times,
// and its own libraries.
#include <cstdio>

#include "kernels/attention/attention_cudnn.h"
#include "kernels/linear/open_cuda.h"
#include "tests/simt/reference_matmul.h"
#include "tests/simt/simt.h"
#include "tests/simt/stage.h"

namespace cloze::simt {

void set_order(uint64_t) {}

bool ReferenceMatmul::multiply(Cuda& device, const Matmul& matmul) {
  static const std::unique_ptr<OpenCuda> gpu = open_cuda({});
  if (matmul.epilogue != Epilogue::none && !has_epilogues_) return false;
  return gpu->device().matmul->multiply(device, matmul);
}

}  // namespace cloze::simt

namespace cloze::testing {

std::unique_ptr<AttentionLibrary> attention_library(const Cuda& device) {
  try {
    return make_cudnn_attention(device);
  } catch (const CudaError& error) {
    std::printf("no attention by cuDNN: %s\n", error.what());
    return nullptr;
  }
}

}  // namespace cloze::testing
