#include <vector>

#include "kernels/activation/activation.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/embedding/embedding.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/optimizer/optimizer.h"
#include "profiling/bench/gpu/gpu_bench.h"

namespace cloze::bench {
namespace {

constexpr int64_t tokens = 8192, hidden = 768, intermediate = 3072, vocabulary = 30592, predictions = 1280;

double bytes_of(int64_t rows, int64_t columns, double bytes_per_element) {
  return static_cast<double>(rows) * static_cast<double>(columns) * bytes_per_element;
}

void layer_norm(GpuBench& bench) {
  Cuda& device = bench.device();
  const auto rows = [&] { return GpuTensor(device, DType::bf16, tokens, hidden); };
  const auto row = [&] { return GpuTensor(device, DType::f32, 1, hidden); };
  const GpuTensor input = rows(), residual = rows(), sum = rows(), output = rows(), gradient = rows(),
                  sum_gradient = rows(), input_gradient = rows(), gamma = row(), beta = row(), bias = row(),
                  gamma_gradient = row(), beta_gradient = row(), bias_gradient = row(),
                  statistics(device, DType::f32, tokens, 2), key(device, DType::i32, 1, 2),
                  row_ids(device, DType::i32, tokens, 2, 1000),
                  workspace(device, DType::f32, 1, layer_norm_backward_workspace(tokens, hidden));
  const Dropout dropout{0.1f, 1, key, row_ids};
  bench.measure("rows", "layer norm forward", {.bytes = bytes_of(tokens, hidden, 8)}, [&] {
    layer_norm_forward(device,
                       {input, bias, dropout, residual, gamma, beta, 1e-12f, sum, output, statistics});
  });
  bench.measure("rows", "layer norm backward", {.bytes = bytes_of(tokens, hidden, 8)}, [&] {
    layer_norm_backward(
        device, {gradient, sum, statistics, gamma, dropout, sum_gradient, input_gradient, gamma_gradient,
                 beta_gradient, bias_gradient, GradientMode::overwrite, workspace});
  });
}

void activation(GpuBench& bench) {
  Cuda& device = bench.device();
  const GpuTensor input(device, DType::bf16, tokens, intermediate),
      output(device, DType::bf16, tokens, intermediate), gradient(device, DType::bf16, tokens, intermediate),
      bias(device, DType::bf16, 1, intermediate), bias_gradient(device, DType::f32, 1, intermediate),
      workspace(device, DType::f32, 1, column_sum_workspace(tokens, intermediate));
  bench.measure("rows", "bias and gelu forward", {.bytes = bytes_of(tokens, intermediate, 4)}, [&] {
    activation_forward(device, {Activation::gelu_tanh, input, bias, output});
  });
  bench.measure("rows", "bias and gelu backward", {.bytes = bytes_of(tokens, intermediate, 6)}, [&] {
    activation_backward(device, {Activation::gelu_tanh, input, bias, gradient, output, bias_gradient,
                                 GradientMode::overwrite, workspace});
  });
}

void head(GpuBench& bench) {
  Cuda& device = bench.device();
  const GpuTensor logits(device, DType::bf16, predictions, vocabulary),
      labels(device, DType::i32, predictions, 1, 30522), scale(device, DType::f32, 1, 1),
      loss(device, DType::f32, 1, 1), row_loss(device, DType::f32, predictions, 1),
      correct(device, DType::i32, predictions, 1);
  bench.measure("rows", "cross-entropy with its gradient in place",
                {.bytes = bytes_of(predictions, vocabulary, 4)}, [&] {
                  cross_entropy(device, {logits, labels, 30522, scale, loss, row_loss, correct, logits});
                });
}

void embedding(GpuBench& bench) {
  Cuda& device = bench.device();
  const GpuTensor ids(device, DType::i32, tokens, 1, 30000), types(device, DType::i32, tokens, 1, 2),
      positions(device, DType::i32, tokens, 1, 128), word(device, DType::bf16, vocabulary, hidden),
      type(device, DType::bf16, 2, hidden), position(device, DType::bf16, 512, hidden),
      gamma(device, DType::f32, 1, hidden), beta(device, DType::f32, 1, hidden),
      output(device, DType::bf16, tokens, hidden), statistics(device, DType::f32, tokens, 2);
  bench.measure("rows", "embedding forward", {.bytes = bytes_of(tokens, hidden, 8)}, [&] {
    embedding_forward(
        device, {ids, types, positions, word, type, position, gamma, beta, 1e-12f, {}, output, statistics});
  });
}

void optimizer(GpuBench& bench) {
  Cuda& device = bench.device();
  constexpr int64_t elements = 110 << 20;
  const auto flat = [&] { return GpuTensor(device, DType::f32, 1, elements); };
  const GpuTensor parameters = flat(), gradients = flat(), first = flat(), second = flat(),
                  copy(device, DType::bf16, 1, elements), scalars(device, DType::f32, 1, 3),
                  norm(device, DType::f32, 1, 1), skipped(device, DType::i32, 1, 1);
  const std::vector<ParameterSegment> segments{{0, elements, 0.01f, 1}};
  AdamW op{.parameters = parameters,
           .gradients = gradients,
           .first_moment = first,
           .second_moment = second,
           .segments = segments,
           .scalars = scalars,
           .clipping = {norm, 1, skipped},
           .compute_copy = copy};
  bench.measure("rows", "adamw with a compute copy", {.bytes = bytes_of(1, elements, 30)},
                [&] { adamw(device, op); });
}

}  // namespace

void measure_rows(GpuBench& bench) {
  layer_norm(bench);
  activation(bench);
  head(bench);
  embedding(bench);
  optimizer(bench);
}

}  // namespace cloze::bench
