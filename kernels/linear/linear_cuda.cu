#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/matmul_library.h"

namespace cloze {
namespace {

bool multiply(Cuda& device, const Matmul& matmul) {
  if (device.matmul == nullptr) throw CudaError("linear: this Cuda has no matmul library");
  return device.matmul->multiply(device, matmul);
}

void require_product(Cuda& device, const Matmul& matmul) {
  if (!multiply(device, matmul))
    throw CudaError(std::string("linear: the matmul library has no product of ") +
                    name_of(matmul.left.dtype) + " that gives " + name_of(matmul.output.dtype));
}

// Zeros in the rows past the live ones, whose contents are nobody's.
template <typename T>
__global__ void clear_dead_rows_kernel(Tensor tensor, Tensor counted) {
  const int64_t live = counted.live_rows(), step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = live + int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < counted.rows;
       row += step)
    for (int64_t column = lane_index(); column < tensor.columns; column += warp_lanes)
      store_one(tensor.row<T>(row) + column, 0.0f);
}

void clear_dead_rows(Cuda& device, const Tensor& tensor, const Tensor& counted) {
  with_storage_type(tensor, "linear", [&]<typename T>(T) {
    launch(device, {looping_blocks(device, counted.rows, row_loop_rows), row_loop_threads},
           clear_dead_rows_kernel<T>, tensor, counted);
  });
}

}  // namespace

void linear_forward(Cuda& device, const LinearForward& op) {
  Matmul matmul{
      .left = op.input, .right = op.weight, .transpose_right = true, .bias = op.bias, .output = op.output};
  const bool in_epilogue = op.bias && op.bias.dtype == op.output.dtype;
  if (in_epilogue && multiply(device, matmul)) return;
  matmul.bias = {};
  require_product(device, matmul);
  Tensor output = op.output;
  output.live = op.input.live;
  if (op.bias) add_bias(device, AddBias{output, op.bias, output});
}

void linear_input_gradient(Cuda& device, const LinearInputGradient& op) {
  require_product(
      device, {.left = op.output_gradient, .right = op.weight, .output = op.input_gradient, .mode = op.mode});
}

// The library knows capacities only: what lies past the live rows must add nothing, and be no NaN either.
void linear_weight_gradient(Cuda& device, const LinearWeightGradient& op) {
  if (op.output_gradient.live != nullptr) {
    clear_dead_rows(device, op.output_gradient, op.output_gradient);
    clear_dead_rows(device, op.input, op.output_gradient);
  }
  require_product(device, {.left = op.output_gradient,
                           .right = op.input,
                           .transpose_left = true,
                           .output = op.weight_gradient,
                           .mode = op.mode});
}

}  // namespace cloze
