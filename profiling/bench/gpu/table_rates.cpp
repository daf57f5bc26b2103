#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "engine/data/sequence_packing.h"
#include "kernels/embedding/embedding.h"
#include "kernels/optimizer/optimizer.h"
#include "profiling/bench/gpu/gpu_bench.h"

// The tables of the embedding, and the optimizers over all parameters.
namespace cloze::bench {
namespace {

constexpr int64_t tokens = 65536, hidden = 1024, vocabulary = 30592, length = 128;
constexpr int32_t mask_token = 103;  // of bert-base-uncased

// As text has them: 15 % [MASK], others the rarer the later they stand in the vocabulary.
std::vector<int32_t> made_up_tokens() {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform;
  std::vector<int32_t> ids(static_cast<size_t>(tokens));
  for (int32_t& id : ids) {
    const bool masked = uniform(random) < 0.15;
    const double common = std::pow(30000.0, uniform(random));  // density 1 / id
    id = masked ? mask_token : 999 + static_cast<int32_t>(std::min(common, 29500.0));
  }
  return ids;
}

std::vector<int32_t> in_sequence(int64_t divisor) {
  std::vector<int32_t> values(static_cast<size_t>(tokens));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<int32_t>(static_cast<int64_t>(i) % length / divisor);
  return values;
}

Tensor column(const GpuTensor& row) {
  Tensor tensor = row;
  tensor.rows = tensor.columns;
  tensor.columns = tensor.stride = 1;
  return tensor;
}

void embedding(GpuBench& bench) {
  Cuda& device = bench.device();
  const std::vector<int32_t> ids = made_up_tokens();
  std::vector<int32_t> order(ids.size()), scratch;
  order_by_token(ids, order, scratch);
  const GpuTensor token_row(device, ids), order_row(device, order), type_row(device, in_sequence(length / 2)),
      position_row(device, in_sequence(1)), word(device, DType::bf16, vocabulary, hidden),
      type(device, DType::bf16, 2, hidden), position(device, DType::bf16, 512, hidden),
      gamma(device, DType::f32, 1, hidden), beta(device, DType::f32, 1, hidden),
      output(device, DType::bf16, tokens, hidden), gradient(device, DType::bf16, tokens, hidden),
      statistics(device, DType::f32, tokens, 2), sum_gradient(device, DType::bf16, tokens, hidden),
      word_gradient(device, DType::f32, vocabulary, hidden), type_gradient(device, DType::f32, 2, hidden),
      position_gradient(device, DType::f32, 512, hidden), gamma_gradient(device, DType::f32, 1, hidden),
      beta_gradient(device, DType::f32, 1, hidden), key(device, std::vector<int32_t>{1, 2}),
      row_ids(device, DType::i32, tokens, 2, Contents::integers(512)),
      workspace(device, DType::f32, 1, embedding_backward_workspace(tokens, hidden, 2));
  const Dropout dropout{0.1f, 1, key, row_ids};
  const Tensor id = column(token_row), types = column(type_row), positions = column(position_row);
  const EmbeddingForward forward{id,    types, positions, word,    type,   position,
                                 gamma, beta,  1e-12f,    dropout, output, statistics};
  // Word rows read and rows written; other tables stay in the cache.
  const double element = static_cast<double>(tokens) * static_cast<double>(hidden);
  bench.measure("rows", "embedding forward", {.bytes = 4 * element},
                [&] { embedding_forward(device, forward); });
  const EmbeddingBackward backward{.output_gradient = gradient,
                                   .tokens = id,
                                   .token_types = types,
                                   .positions = positions,
                                   .token_order = column(order_row),
                                   .word = word,
                                   .type = type,
                                   .position = position,
                                   .gamma = gamma,
                                   .dropout = dropout,
                                   .statistics = statistics,
                                   .sum_gradient = sum_gradient,
                                   .word_gradient = word_gradient,
                                   .type_gradient = type_gradient,
                                   .position_gradient = position_gradient,
                                   .word_mode = GradientMode::accumulate,
                                   .gamma_gradient = gamma_gradient,
                                   .beta_gradient = beta_gradient,
                                   .workspace = workspace};
  bench.measure("rows", "embedding backward", {}, [&] { embedding_backward(device, backward); });
}

// As many parameters as BERT-base has, in segments of a size of its layers.
std::vector<ParameterSegment> segments_of(int64_t elements) {
  constexpr int64_t segment = 1 << 20;
  std::vector<ParameterSegment> segments;
  for (int64_t begin = 0; begin < elements; begin += segment)
    segments.push_back({begin, begin + segment, 0.01f, 1});
  return segments;
}

void optimizers(GpuBench& bench) {
  Cuda& device = bench.device();
  constexpr int64_t elements = 110 << 20;
  const std::vector<ParameterSegment> segments = segments_of(elements);
  const auto flat = [&](const Contents& contents) {
    return GpuTensor(device, DType::f32, 1, elements, contents);
  };
  const GpuTensor parameters = flat(Contents::normals(0.02)), gradients = flat(Contents::normals(1e-4)),
                  first = flat(Contents::normals(1e-5)), second = flat(Contents::squares(1e-8)),
                  copy(device, DType::bf16, 1, elements), scalars(device, std::vector<float>{1e-4f, 1, 1}),
                  norm(device, std::vector<float>{1}), skipped(device, std::vector<int32_t>{0});
  const AdamW op{.parameters = parameters,
                 .gradients = gradients,
                 .first_moment = first,
                 .second_moment = second,
                 .segments = segments,
                 .scalars = scalars,
                 .clipping = {norm, 1, skipped},
                 .compute_copy = copy};
  constexpr double count = elements;
  bench.measure("rows", "adamw with a compute copy", {.bytes = 30 * count}, [&] { adamw(device, op); });
  const GpuTensor norm_work(device, DType::f64, 1, gradient_norm_workspace(elements)),
      lamb_work(device, DType::f64, 1, lamb_workspace(static_cast<int64_t>(segments.size()), elements)),
      measured_norm(device, DType::f32, 1, 1);
  const GradientNorm norm_op{gradients, measured_norm, norm_work};
  bench.measure("rows", "gradient norm", {.bytes = 4 * count}, [&] { gradient_norm(device, norm_op); });
  const Lamb lamb_op{.parameters = parameters,
                     .gradients = gradients,
                     .first_moment = first,
                     .second_moment = second,
                     .segments = segments,
                     .scalars = scalars,
                     .clipping = {norm, 1, skipped},
                     .workspace = lamb_work,
                     .compute_copy = copy};
  // Twice through parameters and moments: their norms are known when all were read.
  bench.measure("rows", "lamb with a compute copy", {.bytes = 42 * count}, [&] { lamb(device, lamb_op); });
}

}  // namespace

void measure_tables(GpuBench& bench) {
  bench.attempt("rows", "embedding", [&] { embedding(bench); });
  bench.attempt("rows", "optimizers", [&] { optimizers(bench); });
}

}  // namespace cloze::bench
