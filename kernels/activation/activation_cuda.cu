#include <numbers>

#include "kernels/activation/activation.h"
#include "kernels/common/column_sum.cuh"
#include "kernels/common/column_sum_cuda.h"
#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"

namespace cloze {
namespace {

constexpr float gelu_cubic = 0.044715f;
constexpr auto sqrt_2_over_pi = static_cast<float>(std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
constexpr auto inverse_sqrt_2 = static_cast<float>(1 / std::numbers::sqrt2);

template <Activation activation>
__device__ float activate(float x) {
  if constexpr (activation == Activation::relu) return x < 0 ? 0.0f : x;  // NaN stays NaN
  if constexpr (activation == Activation::tanh) return tanhf(x);
  if constexpr (activation == Activation::gelu_tanh)
    return 0.5f * x * (1 + tanhf(sqrt_2_over_pi * (x + gelu_cubic * x * x * x)));
  if constexpr (activation == Activation::gelu_erf) return 0.5f * x * (1 + erff(x * inverse_sqrt_2));
  return x;
}

template <Activation activation>
__device__ float slope(float x) {
  if constexpr (activation == Activation::relu) return x > 0 ? 1.0f : 0.0f;
  if constexpr (activation == Activation::tanh) {
    const float y = tanhf(x);
    return 1 - y * y;
  }
  if constexpr (activation == Activation::gelu_tanh) {
    const float tanh = tanhf(sqrt_2_over_pi * (x + gelu_cubic * x * x * x));
    const float inner = sqrt_2_over_pi * (1 + 3 * gelu_cubic * x * x);
    return 0.5f * (1 + tanh) + 0.5f * x * (1 - tanh * tanh) * inner;
  }
  if constexpr (activation == Activation::gelu_erf) {
    const float density = expf(-0.5f * x * x) * (0.5f * sqrt_2_over_pi);
    return 0.5f * (1 + erff(x * inverse_sqrt_2)) + x * density;
  }
  return 1;
}

// input + bias of a group of columns.
template <typename T>
__device__ void load_biased(const Tensor& input, const Tensor& bias, int64_t row, int column, int count,
                            bool whole, float (&values)[group]) {
  load_columns(input.row<T>(row) + column, count, whole, values);
  if (!bias) return;
  float added[group];
  load_parameters(bias, column, count, whole, added);
#pragma unroll
  for (int i = 0; i < group; ++i) values[i] += added[i];
}

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
  for (int i = 0; i < group; ++i) gradient[i] *= slope<activation>(values[i]);
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

// body.operator()<activation>(), the run-time choice made once.
template <typename Body>
void with_activation(Activation activation, const Body& body) {
  switch (activation) {
    case Activation::identity:
      return body.template operator()<Activation::identity>();
    case Activation::relu:
      return body.template operator()<Activation::relu>();
    case Activation::tanh:
      return body.template operator()<Activation::tanh>();
    case Activation::gelu_tanh:
      return body.template operator()<Activation::gelu_tanh>();
    case Activation::gelu_erf:
      return body.template operator()<Activation::gelu_erf>();
  }
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
