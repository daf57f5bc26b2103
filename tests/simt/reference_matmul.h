#pragma once

#include "kernels/linear/matmul_library.h"

namespace cloze::simt {

// Takes the place of cuBLASLt on the emulator: plain loops on its device memory, sums in double, rounded
// once. Like the library it computes all rows of the capacity, and fails where it reads what was never
// written.
class ReferenceMatmul : public MatmulLibrary {
 public:
  // Without epilogues the caller's other branch is taken.
  explicit ReferenceMatmul(bool has_epilogues = true) : has_epilogues_(has_epilogues) {}
  bool multiply(Cuda& device, const Matmul& matmul) override;

 private:
  bool has_epilogues_;
};

}  // namespace cloze::simt
