#include "kernels/common/cuda.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/matmul_library.h"
#include "kernels/linear/scaled_product.h"

namespace cloze {

void scaled_product(Cuda& device, const ScaledProduct& op) {
  if (device.matmul == nullptr) throw CudaError("scaled_product: this Cuda has no matmul library");
  Matmul matmul{.left = op.left,
                .right = op.right,
                .transpose_right = true,
                .epilogue = op.bias ? Epilogue::bias : Epilogue::none,
                .bias = op.bias,
                .output = op.output,
                .mode = op.mode,
                .left_inverse = op.left_inverse,
                .right_inverse = op.right_inverse,
                .quick_sums = op.quick_sums};
  if (device.matmul->multiply(device, matmul)) return;
  matmul.epilogue = Epilogue::none;
  matmul.bias = {};
  if (!op.bias || !device.matmul->multiply(device, matmul))
    throw CudaError(std::string("scaled_product: the matmul library has no product of ") +
                    name_of(op.left.dtype) + " and " + name_of(op.right.dtype) + " that gives " +
                    name_of(op.output.dtype));
  Tensor output = op.output;
  output.live = op.left.live;
  add_bias(device, AddBias{output, op.bias, output});
}

}  // namespace cloze
