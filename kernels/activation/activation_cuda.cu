#include "kernels/activation/activation.cuh"
#include "kernels/common/column_sum.cuh"
#include "kernels/common/column_sum_cuda.h"
#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"

namespace cloze {
namespace {

template <typename T, Activation activation>
__global__ void forward_kernel(ActivationForward op, bool whole) {
  for_each_group(op.input.live_rows(), static_cast<int>(op.input.columns),
                 [&](int64_t row, int column, int count) {
                   float values[group];
                   load_biased<T>(op.input, op.bias, row, column, count, whole, values);
#pragma unroll
                   for (int i = 0; i < group; ++i) values[i] = activate<activation>(values[i]);
                   store_columns(op.output.row<T>(row) + column, count, whole, values);
                 });
}

// Writes the input's gradient of a group and returns it in `gradient`.
template <typename T, Activation activation>
__device__ void backward_group(const ActivationBackward& op, int64_t row, int column, int count, bool whole,
                               float (&gradient)[group]) {
  float values[group];
  load_biased<T>(op.input, op.bias, row, column, count, whole, values);
  load_columns(op.output_gradient.row<T>(row) + column, count, whole, gradient);
#pragma unroll
  for (int i = 0; i < group; ++i) gradient[i] *= activation_slope<activation>(values[i]);
  store_columns(op.input_gradient.row<T>(row) + column, count, whole, gradient);
}

template <typename T, Activation activation>
__global__ void backward_kernel(ActivationBackward op, bool whole) {
  for_each_group(op.output_gradient.live_rows(), static_cast<int>(op.input.columns),
                 [&](int64_t row, int column, int count) {
                   float gradient[group];
                   backward_group<T, activation>(op, row, column, count, whole, gradient);
                 });
}

// The same, with the first stage of the bias gradient.
template <typename T, Activation activation>
__global__ void backward_bias_kernel(ActivationBackward op, bool whole) {
  const int columns = static_cast<int>(op.input.columns);
  sum_chunk(op.output_gradient.live_rows(), columns, op.workspace.as<float>(), columns,
            [&](int64_t row, int column, int count, float(&sums)[group]) {
              float gradient[group];
              backward_group<T, activation>(op, row, column, count, whole, gradient);
#pragma unroll
              for (int i = 0; i < group; ++i) sums[i] += gradient[i];
            });
}

}  // namespace

void activation_forward(Cuda& device, const ActivationForward& op) {
  const bool whole = holds_groups({op.input, op.bias, op.output});
  const LaunchShape shape{looping_blocks(device, op.input.rows, row_loop_rows), row_loop_threads};
  with_storage_type(op.output, "activation", [&]<typename T>(T) {
    with_activation(op.activation, [&]<Activation activation>() {
      launch(device, shape, forward_kernel<T, activation>, op, whole);
    });
  });
}

void activation_backward(Cuda& device, const ActivationBackward& op) {
  const bool whole = holds_groups({op.input, op.bias, op.output_gradient, op.input_gradient});
  const int64_t rows = op.output_gradient.rows, columns = op.input.columns;
  const LaunchShape loop{looping_blocks(device, rows, row_loop_rows), row_loop_threads};
  const LaunchShape chunks{column_sum_chunks(rows), column_sum_threads, 0, column_tiles(columns)};
  with_storage_type(op.input_gradient, "activation_backward", [&]<typename T>(T) {
    with_activation(op.activation, [&]<Activation activation>() {
      if (op.bias_gradient)
        launch(device, chunks, backward_bias_kernel<T, activation>, op, whole);
      else
        launch(device, loop, backward_kernel<T, activation>, op, whole);
    });
  });
  if (op.bias_gradient)
    finish_column_sums(device, op.workspace.as<float>(), op.output_gradient, columns, columns, op.mode,
                       op.bias_gradient.as<float>());
}

}  // namespace cloze
