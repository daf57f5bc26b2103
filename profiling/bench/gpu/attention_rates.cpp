#include <fmt/core.h>

#include <cmath>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/attention/attention_cudnn.h"
#include "profiling/bench/gpu/gpu_bench.h"

namespace cloze::bench {
namespace {

constexpr int64_t heads = 16, head_size = 64, hidden = heads * head_size, tokens = 32768;
constexpr int64_t most_positions = 512;  // what training tells the kernels where lengths are mixed

Tensor columns(const Tensor& packed, int64_t part) {
  Tensor view = packed;
  view.data = static_cast<BFloat16*>(packed.data) + part * hidden;
  view.columns = hidden;
  return view;
}

std::vector<int32_t> multiples(int64_t length) {
  std::vector<int32_t> values;
  for (int64_t first = 0; first <= tokens; first += length) values.push_back(static_cast<int32_t>(first));
  return values;
}

// Sequences of one length, forward and backward.
class Attention {
 public:
  Attention(Cuda& device, int64_t length, float probability)
      : length_(length),
        probability_(probability),
        packed_(device, DType::bf16, tokens, 3 * hidden),
        output_(device, DType::bf16, tokens, hidden),
        gradient_(device, DType::bf16, tokens, hidden),
        gradients_(device, DType::bf16, tokens, 3 * hidden),
        log_sum_exp_(device, DType::f32, tokens, heads),
        offsets_(device, multiples(length)),
        work_(device, DType::i32, 3, tokens / length + 1, Contents::constant(0)),
        key_(device, std::vector<int32_t>{1, 2}),
        row_ids_(device, DType::i32, tokens, 2, Contents::integers(512)) {
    attention_work(device, {offsets_, offsets_, work_});
  }

  void measure(GpuBench& bench, Cuda& device, const std::string& by, int64_t longest) {
    const AttentionShape shape{heads, head_size, 1 / std::sqrt(static_cast<float>(head_size)), longest};
    const Dropout dropout{probability_, 1, key_, row_ids_};
    const Tensor query = columns(packed_, 0), keys = columns(packed_, 1), value = columns(packed_, 2);
    const AttentionForward forward{shape,    query,   keys,    value,        offsets_,
                                   offsets_, dropout, output_, log_sum_exp_, work_};
    const AttentionBackward backward{shape,
                                     query,
                                     keys,
                                     value,
                                     offsets_,
                                     offsets_,
                                     dropout,
                                     output_,
                                     log_sum_exp_,
                                     gradient_,
                                     columns(gradients_, 0),
                                     columns(gradients_, 1),
                                     columns(gradients_, 2),
                                     work_};
    const double product = 2.0 * static_cast<double>(tokens * length_ * hidden);
    const std::string name = fmt::format("{}{}", length_, probability_ > 0 ? " with dropout" : "");
    bench.measure("attention", "forward " + name, {.flops = 2 * product, .by = by},
                  [&] { attention_forward(device, forward); });
    bench.measure("attention", "backward " + name, {.flops = 4 * product, .by = by},
                  [&] { attention_backward(device, backward); });
  }

 private:
  int64_t length_;
  float probability_;
  GpuTensor packed_, output_, gradient_, gradients_, log_sum_exp_, offsets_, work_, key_, row_ids_;
};

}  // namespace

// By our kernels, told the longest sequence as training tells it, and more than is true; and by cuDNN.
void measure_attention(GpuBench& bench) {
  std::unique_ptr<AttentionLibrary> cudnn;
  Cuda with_cudnn = bench.device();
  if (bench.mode() == GpuBench::Mode::rates)
    bench.attempt("attention", "cuDNN", [&] { cudnn = make_cudnn_attention(bench.device()); });
  with_cudnn.attention = cudnn.get();
  for (const int64_t length : {128, 512})
    for (const float probability : {0.1f, 0.0f})
      bench.attempt("attention", std::to_string(length), [&] {
        if (bench.mode() == GpuBench::Mode::once && probability == 0) return;
        Attention attention(bench.device(), length, probability);
        attention.measure(bench, bench.device(), "cloze", length);
        if (bench.mode() == GpuBench::Mode::once) return;
        if (length < most_positions)
          attention.measure(bench, bench.device(), "cloze, told 512", most_positions);
        if (cudnn != nullptr) attention.measure(bench, with_cudnn, "cloze, cuDNN", length);
      });
}

}  // namespace cloze::bench
