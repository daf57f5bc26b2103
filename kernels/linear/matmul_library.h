#pragma once

#include "kernels/common/cuda.h"
#include "kernels/common/tensor.h"

namespace cloze {

// output [rows, columns] (=, +=) op(left) · op(right), with bias [1, columns] added to every row; op
// transposes or not. Row-major, strides as the tensors say; f32 sums. left and right are of one type, bf16 or
// f32; output is f32 or that type. All rows of the capacity are computed.
struct Matmul {
  Tensor left;   // [rows, depth], or [depth, rows] where transposed
  Tensor right;  // [depth, columns], or [columns, depth] where transposed
  bool transpose_left = false, transpose_right = false;
  Tensor bias = {};  // of output's type, or none; only with overwrite
  Tensor output;     // aliases nothing
  GradientMode mode = GradientMode::overwrite;
};

// The matrix multiply of a GPU's dense layers: cuBLASLt on the device, plain loops on the emulator.
class MatmulLibrary {
 public:
  virtual ~MatmulLibrary() = default;
  // On device.stream; false where it has no such product (with this bias), and nothing was done.
  virtual bool multiply(Cuda& device, const Matmul& matmul) = 0;
};

}  // namespace cloze
