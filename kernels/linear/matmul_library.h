#pragma once

#include "kernels/common/cuda.h"
#include "kernels/common/tensor.h"

namespace cloze {

// What is done to a product before it is written, while its sums are in registers. GELU is the tanh form.
enum class Epilogue : uint8_t {
  none,
  bias,            // product + bias
  bias_gelu,       // gelu(product + bias)
  bias_gelu_kept,  // the same, and product + bias goes to `pre_activation`
  gelu_gradient,   // product * gelu'(pre_activation)
  row_sums,        // the product as it is, and the sums of the rows of op(left) go to `row_sums`
};

// output [rows, columns] (=, +=) epilogue(op(left) · op(right)); op transposes or not. Row-major, strides as
// the tensors say; f32 sums. left and right are of one type, bf16 or f32; output is f32 or that type. All
// rows of the capacity are computed.
//
// Or left and right are FP8, at most one of them f8_e5m2, and output is f32 or bf16: then right is
// transposed and left is not, the product is multiplied by both inverses, and of the epilogues there are
// none and bias, of output's type.
struct Matmul {
  Tensor left;   // [rows, depth], or [depth, rows] where transposed
  Tensor right;  // [depth, columns], or [columns, depth] where transposed
  bool transpose_left = false, transpose_right = false;
  Epilogue epilogue = Epilogue::none;  // others than row_sums only with overwrite
  Tensor bias = {};                    // [1, columns] of output's type
  Tensor pre_activation = {};          // [rows, columns] of output's type, written or read
  Tensor row_sums = {};                // [1, rows] f32, overwritten whatever the mode
  Tensor output;                       // aliases nothing
  GradientMode mode = GradientMode::overwrite;
  Tensor left_inverse = {}, right_inverse = {};  // [1, 1] f32, of FP8 only
  bool quick_sums = false;                       // of FP8: sums may be kept in fewer places
};

// The matrix multiply of a GPU's dense layers: cuBLASLt on the device, plain loops on the emulator.
class MatmulLibrary {
 public:
  virtual ~MatmulLibrary() = default;
  // On device.stream; false where it has no such product (with this epilogue), and nothing was done.
  virtual bool multiply(Cuda& device, const Matmul& matmul) = 0;
};

}  // namespace cloze
