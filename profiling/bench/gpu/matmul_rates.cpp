#include <cuda_runtime.h>

#include <fmt/core.h>

#include "kernels/linear/linear.h"
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
}

}  // namespace

void measure_ceilings(GpuBench& bench) {
  copy(bench);
  layer(bench, 8192, 8192, 8192);
  for (const auto& [out, in] : {std::pair<int64_t, int64_t>{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}})
    layer(bench, tokens, out, in);
  layer(bench, 1280, 30592, 768);  // the masked-LM head
}

}  // namespace cloze::bench
