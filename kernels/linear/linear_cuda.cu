#include <algorithm>

#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/linear_gelu.h"
#include "kernels/linear/linear_parts.h"
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

template <typename T>
__device__ void clear_rows(const Tensor& tensor, int64_t first, int64_t end) {
  const int64_t step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = first + int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < end; row += step)
    for (int64_t column = lane_index(); column < tensor.columns; column += warp_lanes)
      store_one(tensor.row<T>(row) + column, 0.0f);
}

// Zeros in the rows of both past the live ones, whose contents are nobody's. Most often they are few.
template <typename T>
__global__ void clear_dead_rows_kernel(Tensor counted, Tensor other) {
  const int64_t live = counted.live_rows();
  if (blockIdx.y == 0)
    clear_rows<T>(counted, live, counted.rows);
  else
    clear_rows<T>(other, live, counted.rows);
}

void clear_dead_rows(Cuda& device, const Tensor& counted, const Tensor& other) {
  const int64_t blocks = std::min<int64_t>(device.multiprocessors, counted.rows);
  with_storage_type(counted, "linear", [&]<typename T>(T) {
    launch(device, {blocks, row_loop_threads, 0, 2}, clear_dead_rows_kernel<T>, counted, other);
  });
}

// The column sums of the output's gradient are the row sums of the left factor. A library only ever writes
// them: what they are added to goes through scratch.
bool multiply_with_bias_gradient(Cuda& device, Matmul matmul, const LinearWeightGradient& op) {
  const bool direct = op.bias_mode == GradientMode::overwrite;
  Tensor sums = direct ? op.bias_gradient : op.workspace;
  sums.rows = 1;
  sums.columns = sums.stride = op.bias_gradient.columns;
  matmul.epilogue = Epilogue::row_sums;
  matmul.row_sums = sums;
  if (!multiply(device, matmul)) return false;
  if (!direct) add(device, Add{op.bias_gradient, sums, op.bias_gradient});
  return true;
}

}  // namespace

void linear_forward(Cuda& device, const LinearForward& op) {
  Matmul matmul{.left = op.input,
                .right = op.weight,
                .transpose_right = true,
                .epilogue = Epilogue::bias,
                .bias = op.bias,
                .output = op.output};
  const bool in_epilogue = op.bias && op.bias.dtype == op.output.dtype;
  if (in_epilogue && multiply(device, matmul)) return;
  matmul.epilogue = Epilogue::none;
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
  if (op.output_gradient.live != nullptr) clear_dead_rows(device, op.output_gradient, op.input);
  const Matmul matmul{.left = op.output_gradient,
                      .right = op.input,
                      .transpose_left = true,
                      .output = op.weight_gradient,
                      .mode = op.mode};
  if (op.bias_gradient && multiply_with_bias_gradient(device, matmul, op)) return;
  require_product(device, matmul);
  bias_gradient_alone(device, op);
}

void linear_gelu(Cuda& device, const LinearGelu& op) {
  const bool keeps = bool(op.pre_activation);
  const bool fused = op.bias.dtype == op.output.dtype &&
                     multiply(device, {.left = op.input,
                                       .right = op.weight,
                                       .transpose_right = true,
                                       .epilogue = keeps ? Epilogue::bias_gelu_kept : Epilogue::bias_gelu,
                                       .bias = op.bias,
                                       .pre_activation = op.pre_activation,
                                       .output = op.output});
  if (!fused) linear_gelu_in_parts(device, op);
}

void linear_gelu_gradient(Cuda& device, const LinearGeluGradient& op) {
  const bool fused = multiply(device, {.left = op.output_gradient,
                                       .right = op.weight,
                                       .epilogue = Epilogue::gelu_gradient,
                                       .pre_activation = op.pre_activation,
                                       .output = op.pre_gradient});
  if (!fused) linear_gelu_gradient_in_parts(device, op);
}

}  // namespace cloze
