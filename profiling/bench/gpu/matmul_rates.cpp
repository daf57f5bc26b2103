#include <cuda_runtime.h>

#include <fmt/core.h>

#include "kernels/common/column_sum.h"
#include "kernels/linear/linear_parts.h"
#include "profiling/bench/gpu/gpu_bench.h"

namespace cloze::bench {
namespace {

constexpr int64_t tokens = 8192;

void copy(GpuBench& bench) {
  constexpr int64_t elements = int64_t{1} << 28;
  const GpuTensor from(bench.device(), DType::f32, 1, elements), to(bench.device(), DType::f32, 1, elements);
  bench.measure("ceilings", "copy", {.bytes = 8.0 * elements}, [&] {
    cudaMemcpyAsync(to.tensor().data, from.tensor().data, static_cast<size_t>(4 * elements),
                    cudaMemcpyDeviceToDevice, bench.device().stream);
  });
}

// Forward with and without a bias, both gradients; rows x out x in.
void layer(GpuBench& bench, int64_t rows, int64_t out, int64_t in) {
  Cuda& device = bench.device();
  const GpuTensor input(device, DType::bf16, rows, in), weight(device, DType::bf16, out, in),
      bias(device, DType::bf16, 1, out), output(device, DType::bf16, rows, out),
      input_gradient(device, DType::bf16, rows, in), weight_gradient(device, DType::f32, out, in);
  const Work work{.flops = 2.0 * static_cast<double>(rows) * static_cast<double>(out * in)};
  const std::string shape = fmt::format("{}x{}x{}", rows, out, in);
  bench.measure("ceilings", "linear " + shape, work, [&] {
    linear_forward(device, {input, weight, {}, output});
  });
  bench.measure("ceilings", "linear with bias " + shape, work, [&] {
    linear_forward(device, {input, weight, bias, output});
  });
  bench.measure("ceilings", "linear input gradient " + shape, work, [&] {
    linear_input_gradient(device, {output, weight, input_gradient});
  });
  bench.measure("ceilings", "linear weight gradient " + shape, work, [&] {
    linear_weight_gradient(device, {output, input, weight_gradient});
  });
  bench.measure("ceilings", "linear weight gradient, added " + shape, work, [&] {
    linear_weight_gradient(device, {output, input, weight_gradient, GradientMode::accumulate});
  });
}

// What the library takes while it writes a product, beside the kernels that do it otherwise: of the layer
// [intermediate, hidden], whose output GELU is taken of. Equal times: the library has no such product.
void epilogues(GpuBench& bench, int64_t rows, int64_t intermediate, int64_t hidden) {
  Cuda& device = bench.device();
  const GpuTensor x(device, DType::bf16, rows, hidden), inner(device, DType::bf16, intermediate, hidden),
      bias(device, DType::bf16, 1, intermediate), z(device, DType::bf16, rows, intermediate),
      y(device, DType::bf16, rows, intermediate), outer(device, DType::bf16, hidden, intermediate),
      weight_gradient(device, DType::f32, intermediate, hidden),
      bias_gradient(device, DType::f32, 1, intermediate),
      workspace(device, DType::f32, 1, column_sum_workspace(rows, intermediate));
  const Work work{.flops = 2.0 * static_cast<double>(rows) * static_cast<double>(intermediate * hidden)};
  const std::string shape = fmt::format("{}x{}x{}", rows, intermediate, hidden);
  const LinearGelu forward{x, inner, bias, z, y};
  bench.measure("ceilings", "linear, bias, GELU in one " + shape, work,
                [&] { linear_gelu(device, forward); });
  bench.measure("ceilings", "linear, bias, GELU in parts " + shape, work,
                [&] { linear_gelu_in_parts(device, forward); });
  const LinearGeluGradient gradient{x, outer, z, y};
  bench.measure("ceilings", "input and GELU gradient in one " + shape, work,
                [&] { linear_gelu_gradient(device, gradient); });
  bench.measure("ceilings", "input and GELU gradient in parts " + shape, work,
                [&] { linear_gelu_gradient_in_parts(device, gradient); });
  const LinearWeightGradient product{.output_gradient = y, .input = x, .weight_gradient = weight_gradient};
  LinearWeightGradient with_bias = product;
  with_bias.bias_gradient = bias_gradient;
  with_bias.workspace = workspace;
  bench.measure("ceilings", "weight and bias gradient in one " + shape, work,
                [&] { linear_weight_gradient(device, with_bias); });
  bench.measure("ceilings", "weight and bias gradient in parts " + shape, work, [&] {
    linear_weight_gradient(device, product);
    bias_gradient_alone(device, with_bias);
  });
}

}  // namespace

void measure_ceilings(GpuBench& bench) {
  copy(bench);
  layer(bench, 8192, 8192, 8192);
  for (const auto& [out, in] : {std::pair<int64_t, int64_t>{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}})
    layer(bench, tokens, out, in);  // BERT-base
  for (const auto& [out, in] :
       {std::pair<int64_t, int64_t>{3072, 1024}, {1024, 1024}, {4096, 1024}, {1024, 4096}})
    layer(bench, tokens, out, in);  // BERT-large
  epilogues(bench, tokens, 3072, 768);
  epilogues(bench, tokens, 4096, 1024);
  layer(bench, 1280, 30592, 768);  // the masked-LM head
}

}  // namespace cloze::bench
