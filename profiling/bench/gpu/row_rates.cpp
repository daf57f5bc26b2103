#include <string>
#include <vector>

#include "kernels/activation/activation.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/layer_norm/layer_norm.h"
#include "profiling/bench/gpu/gpu_bench.h"

// Kernels that are as quick as memory. Tensors are of 100 MB and more, so that the cache of the GPU (50 MB of
// an H100 and H200) holds little of one call for the next.
namespace cloze::bench {
namespace {

constexpr int64_t tokens = 65536, vocabulary = 30592, classes = 30522, predictions = tokens * 15 / 100;

double bytes_of(int64_t rows, int64_t columns, double bytes_per_element) {
  return static_cast<double>(rows) * static_cast<double>(columns) * bytes_per_element;
}

void layer_norm(GpuBench& bench, int64_t hidden) {
  Cuda& device = bench.device();
  const auto rows = [&] { return GpuTensor(device, DType::bf16, tokens, hidden); };
  const auto row = [&] { return GpuTensor(device, DType::f32, 1, hidden); };
  const GpuTensor input = rows(), residual = rows(), sum = rows(), output = rows(), gradient = rows(),
                  sum_gradient = rows(), input_gradient = rows(), gamma = row(), beta = row(), bias = row(),
                  gamma_gradient = row(), beta_gradient = row(), bias_gradient = row(),
                  statistics(device, DType::f32, tokens, 2), key(device, std::vector<int32_t>{1, 2}),
                  row_ids(device, DType::i32, tokens, 2, Contents::integers(512)),
                  workspace(device, DType::f32, 1, layer_norm_backward_workspace(tokens, hidden));
  const Dropout dropout{0.1f, 1, key, row_ids};
  const std::string size = " " + std::to_string(hidden);
  const Work work{.bytes = bytes_of(tokens, hidden, 8)};
  const LayerNormForward forward{input, bias,   dropout, residual, gamma,
                                 beta,  1e-12f, sum,     output,   statistics};
  bench.measure("rows", "layer norm forward" + size, work, [&] { layer_norm_forward(device, forward); });
  const LayerNormBackward backward{gradient,
                                   sum,
                                   statistics,
                                   gamma,
                                   dropout,
                                   sum_gradient,
                                   input_gradient,
                                   gamma_gradient,
                                   beta_gradient,
                                   bias_gradient,
                                   GradientMode::overwrite,
                                   workspace};
  bench.measure("rows", "layer norm backward" + size, work, [&] { layer_norm_backward(device, backward); });
}

void activation(GpuBench& bench) {
  constexpr int64_t intermediate = 4096;
  Cuda& device = bench.device();
  const auto rows = [&] { return GpuTensor(device, DType::bf16, tokens, intermediate); };
  const GpuTensor input = rows(), output = rows(), gradient = rows(),
                  bias(device, DType::bf16, 1, intermediate),
                  bias_gradient(device, DType::f32, 1, intermediate),
                  workspace(device, DType::f32, 1, column_sum_workspace(tokens, intermediate));
  bench.measure("rows", "bias and gelu forward", {.bytes = bytes_of(tokens, intermediate, 4)}, [&] {
    activation_forward(device, {Activation::gelu_tanh, input, bias, output});
  });
  bench.measure("rows", "bias and gelu backward", {.bytes = bytes_of(tokens, intermediate, 6)}, [&] {
    activation_backward(device, {Activation::gelu_tanh, input, bias, gradient, output, bias_gradient,
                                 GradientMode::overwrite, workspace});
  });
}

// The gradient beside the logits: in place, the second call would read the first one's gradient.
void head(GpuBench& bench) {
  Cuda& device = bench.device();
  const GpuTensor logits(device, DType::bf16, predictions, vocabulary),
      gradient(device, DType::bf16, predictions, vocabulary),
      labels(device, DType::i32, predictions, 1, Contents::integers(classes)),
      scale(device, std::vector<float>{1.0f / static_cast<float>(predictions)}),
      loss(device, DType::f32, 1, 1), row_loss(device, DType::f32, predictions, 1),
      correct(device, DType::i32, predictions, 1);
  bench.measure("rows", "cross-entropy with its gradient", {.bytes = bytes_of(predictions, vocabulary, 4)},
                [&] {
                  cross_entropy(device, {logits, labels, classes, scale, loss, row_loss, correct, gradient});
                });
}

}  // namespace

void measure_rows(GpuBench& bench) {
  for (const int64_t hidden : {768, 1024})
    bench.attempt("rows", "layer norm", [&] { layer_norm(bench, hidden); });
  bench.attempt("rows", "bias and gelu", [&] { activation(bench); });
  bench.attempt("rows", "cross-entropy", [&] { head(bench); });
}

}  // namespace cloze::bench
