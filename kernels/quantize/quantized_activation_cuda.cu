#include <cuda_runtime.h>

#include "kernels/activation/activation.cuh"
#include "kernels/common/column_sum_cuda.h"
#include "kernels/common/storage.h"
#include "kernels/quantize/quantize_tiles.cuh"
#include "kernels/quantize/quantized_activation.h"

namespace cloze {
namespace {

template <typename T, typename Float8, Activation activation>
__global__ void __launch_bounds__(quantize_threads, 2)
    forward_kernel(QuantizedActivation op, int64_t tiles, int64_t across) {
  auto activated = [&](int64_t row, int column, float(&values)[group]) {
    load_biased<T>(op.input, op.bias, row, column, group, true, values);
#pragma unroll
    for (int i = 0; i < group; ++i) values[i] = activate<activation>(values[i]);
  };
  quantize_tiles<Float8>(op.output, tiles, across, activated, [](int64_t, int64_t) {});
}

// The gradient's eight values of a live row, which are added to `sums`.
template <typename T, Activation activation>
__device__ void gradient_group(const QuantizedActivationGradient& op, int64_t row, int column,
                               float (&values)[group], float (&sums)[group]) {
  float gradient[group];
  load_biased<T>(op.input, op.bias, row, column, group, true, values);
  load_group(op.output_gradient.row<T>(row) + column, gradient);
#pragma unroll
  for (int i = 0; i < group; ++i) {
    values[i] = gradient[i] * activation_slope<activation>(values[i]);
    sums[i] += values[i];
  }
}

// The first stage of the bias gradient: the sums of the threads above each other, in order.
__device__ inline void write_chunk_sums(const QuantizedActivationGradient& op, int64_t row, int64_t column,
                                        float (&sums)[group]) {
  alignas(16) __shared__ float all[threads_down][quantize_tile];
  const int across_tile = static_cast<int>(threadIdx.x) % threads_across * group;
  store_group(&all[threadIdx.x / threads_across][across_tile], sums);
#pragma unroll
  for (int i = 0; i < group; ++i) sums[i] = 0;
  __syncthreads();
  const auto mine = static_cast<int>(threadIdx.x);
  const int64_t target = column - across_tile + mine;
  if (mine < quantize_tile && target < op.input.columns && row < op.input.rows) {
    float sum = 0;
#pragma unroll
    for (int above = 0; above < threads_down; ++above) sum += all[above][mine];
    op.workspace.as<float>()[row / column_sum_chunk_rows * op.input.columns + target] = sum;
  }
  __syncthreads();
}

template <typename T, typename Float8, Activation activation>
__global__ void __launch_bounds__(quantize_threads, 2)
    backward_kernel(QuantizedActivationGradient op, int64_t tiles, int64_t across) {
  float sums[group] = {};
  auto gradient = [&](int64_t row, int column, float(&values)[group]) {
    gradient_group<T, activation>(op, row, column, values, sums);
  };
  quantize_tiles<Float8>(op.input_gradient, tiles, across, gradient, [&](int64_t row, int64_t column) {
    if (op.bias_gradient) write_chunk_sums(op, row, column, sums);
  });
}

}  // namespace

void quantized_activation(Cuda& device, const QuantizedActivation& asked) {
  require_groups("quantized_activation", {asked.input, asked.bias});
  QuantizedActivation op = asked;
  op.output.input = op.input;
  const QuantizeGrid grid = quantize_grid(device, op.output);
  with_storage_type(op.input, "quantized_activation", [&]<typename T>(T) {
    with_activation(op.activation, [&]<Activation activation>() {
      launch(device, grid.shape, forward_kernel<T, Float8E4M3, activation>, op, grid.tiles, grid.across);
    });
  });
}

void quantized_activation_gradient(Cuda& device, const QuantizedActivationGradient& asked) {
  require_groups("quantized_activation_gradient", {asked.input, asked.bias, asked.output_gradient});
  QuantizedActivationGradient op = asked;
  op.input_gradient.input = op.output_gradient;
  const QuantizeGrid grid = quantize_grid(device, op.input_gradient);
  const int64_t columns = op.input.columns;
  with_storage_type(op.input, "quantized_activation_gradient", [&]<typename T>(T) {
    with_activation(op.activation, [&]<Activation activation>() {
      launch(device, grid.shape, backward_kernel<T, Float8E5M2, activation>, op, grid.tiles, grid.across);
    });
  });
  if (op.bias_gradient)
    finish_column_sums(device, op.workspace.as<float>(), op.output_gradient, columns, columns, op.mode,
                       op.bias_gradient.as<float>());
}

}  // namespace cloze
