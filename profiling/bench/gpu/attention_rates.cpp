#include <fmt/core.h>

#include <cmath>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/common/cuda_memory.h"
#include "profiling/bench/gpu/gpu_bench.h"

namespace cloze::bench {
namespace {

constexpr int64_t heads = 12, head_size = 64, hidden = heads * head_size, tokens = 8192;

Tensor columns(const Tensor& packed, int64_t part) {
  Tensor view = packed;
  view.data = static_cast<BFloat16*>(packed.data) + part * hidden;
  view.columns = hidden;
  return view;
}

void equal_lengths(GpuBench& bench, int64_t length, float probability) {
  Cuda& device = bench.device();
  const int64_t sequences = tokens / length;
  const GpuTensor packed(device, DType::bf16, tokens, 3 * hidden),
      output(device, DType::bf16, tokens, hidden), gradient(device, DType::bf16, tokens, hidden),
      gradients(device, DType::bf16, tokens, 3 * hidden), log_sum_exp(device, DType::f32, tokens, heads),
      offsets(device, DType::i32, 1, sequences + 1), work(device, DType::i32, 3, sequences + 1),
      key(device, DType::i32, 1, 2), row_ids(device, DType::i32, tokens, 2, 1000);
  std::vector<int32_t> firsts;
  for (int64_t s = 0; s <= sequences; ++s) firsts.push_back(static_cast<int32_t>(s * length));
  cuda_copy_in(device, offsets.tensor().data, firsts.data(), static_cast<int64_t>(firsts.size() * 4));
  const AttentionShape shape{heads, head_size, 1 / std::sqrt(static_cast<float>(head_size)), length};
  const Dropout dropout{probability, 1, key, row_ids};
  attention_work(device, {offsets, offsets, work});
  const double product = 2.0 * static_cast<double>(tokens * length * hidden);
  const std::string name = fmt::format("{}{}", length, probability > 0 ? " with dropout" : "");
  const AttentionForward forward{shape,
                                 columns(packed, 0),
                                 columns(packed, 1),
                                 columns(packed, 2),
                                 offsets,
                                 offsets,
                                 dropout,
                                 output,
                                 log_sum_exp,
                                 work};
  bench.measure("attention", "forward " + name, {.flops = 2 * product},
                [&] { attention_forward(device, forward); });
  const AttentionBackward backward{shape,
                                   columns(packed, 0),
                                   columns(packed, 1),
                                   columns(packed, 2),
                                   offsets,
                                   offsets,
                                   dropout,
                                   output,
                                   log_sum_exp,
                                   gradient,
                                   columns(gradients, 0),
                                   columns(gradients, 1),
                                   columns(gradients, 2),
                                   work};
  bench.measure("attention", "backward " + name, {.flops = 4 * product},
                [&] { attention_backward(device, backward); });
}

}  // namespace

void measure_attention(GpuBench& bench) {
  for (const int64_t length : {128, 512})
    for (const float probability : {0.0f, 0.1f}) equal_lengths(bench, length, probability);
}

}  // namespace cloze::bench
