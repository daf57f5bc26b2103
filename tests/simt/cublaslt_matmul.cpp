// The tests' matmul library made of Cloze's own calls of cuBLASLt, which is emulated.
#include "kernels/common/cuda_memory.h"
#include "kernels/linear/matmul_cublaslt.h"
#include "tests/simt/reference_matmul.h"

namespace cloze::simt {

bool ReferenceMatmul::multiply(Cuda& device, const Matmul& matmul) {
  if (matmul.epilogue != Epilogue::none && !has_epilogues_) return false;
  constexpr int64_t workspace_bytes = 4096;
  static const std::unique_ptr<MatmulLibrary> library =
      make_cublaslt({.workspace = cuda_allocate(workspace_bytes), .workspace_bytes = workspace_bytes});
  return library->multiply(device, matmul);
}

}  // namespace cloze::simt
