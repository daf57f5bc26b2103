#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention_forward_cpu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// after highway.h
#include "kernels/attention/tile_product-inl.h"
#include "kernels/common/dropout_simd-inl.h"
#include "kernels/common/simd_math-inl.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/attention/attention.h"
#include "kernels/attention/attention_tasks.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace {

// A block of queries meets a block of keys at a time. Up to block_keys keys the softmax of a row is taken in
// one piece; beyond, its maximum and sum run along (online softmax).
constexpr int64_t forward_block_queries = 8 * tile_rows;
constexpr int64_t forward_block_keys = 512;

// The key operands of a head, packed once.
struct PackedKeys {
  float* transposed;  // keyᵀ [head_size, keys]
  float* values;      // value [keys, head_size], per block of keys
};

struct QueryBlock {
  int64_t first, count;  // rows of the query tensor
  float* queries;        // [count, head_size], times the scale
  float* scores;         // [count, block_keys], rows score_stride apart
  float* outputs;        // [count, padded head_size]
  int64_t score_stride;
  float maximum[forward_block_queries];
  float sum[forward_block_queries];
};

// The largest score of a row; what the padding of the last vector holds becomes -infinity.
HWY_INLINE float mask_and_maximum(float* HWY_RESTRICT scores, int64_t keys) {
  const FullTag tag;
  const auto lowest = hn::Set(tag, -std::numeric_limits<float>::infinity());
  auto maximum = lowest;
  int64_t k = 0;
  for (; k + vector_lanes <= keys; k += vector_lanes) maximum = hn::Max(maximum, hn::Load(tag, scores + k));
  if (k < keys) {
    const auto live = hn::FirstN(tag, static_cast<size_t>(keys - k));
    const auto masked = hn::IfThenElse(live, hn::Load(tag, scores + k), lowest);
    hn::Store(masked, tag, scores + k);
    maximum = hn::Max(maximum, masked);
  }
  return hn::GetLane(hn::MaxOfLanes(tag, maximum));
}

// scores = exp(scores - maximum) · dropout; returns the sum of the exponentials alone.
template <bool Dropped>
HWY_INLINE float exponentials(float* HWY_RESTRICT scores, int64_t keys, float maximum,
                              const DropoutRow& dropout, int64_t first_key) {
  const FullTag tag;
  const auto shift = hn::Set(tag, maximum);
  auto sum = hn::Zero(tag);
  for (int64_t k = 0; k < keys; k += 4 * vector_lanes) {
    hn::Vec<FullTag> multipliers[4];
    if constexpr (Dropped) {
      dropout_multipliers(tag, dropout, static_cast<uint32_t>(first_key + k), multipliers[0], multipliers[1],
                          multipliers[2], multipliers[3]);
    }
    for (int64_t j = 0; j < 4 && k + j * vector_lanes < keys; ++j) {
      float* HWY_RESTRICT target = scores + k + j * vector_lanes;
      auto value = vector_exp(tag, hn::Sub(hn::Load(tag, target), shift));
      sum = hn::Add(sum, value);
      if constexpr (Dropped) value = hn::Mul(value, multipliers[j]);
      hn::Store(value, tag, target);
    }
  }
  return hn::GetLane(hn::SumOfLanes(tag, sum));
}

HWY_INLINE void scale_row(float* HWY_RESTRICT row, int64_t width, float factor) {
  const FullTag tag;
  for (int64_t c = 0; c < width; c += vector_lanes) {
    hn::Store(hn::Mul(hn::Load(tag, row + c), hn::Set(tag, factor)), tag, row + c);
  }
}

// Turns the block's scores against `keys` keys into unnormalised probabilities, and brings the running
// maximum, sum and output of every row to the new maximum.
template <bool Dropped>
HWY_NOINLINE void online_softmax(const AttentionForward& op, const AttentionTask& task, QueryBlock& block,
                                 int64_t first_key, int64_t keys) {
  for (int64_t i = 0; i < block.count; ++i) {
    DropoutRow dropout{};
    if constexpr (Dropped) {
      dropout = dropout_row(op.dropout, block.first + i);
      dropout.row = dropout.row * static_cast<uint32_t>(op.shape.heads) + static_cast<uint32_t>(task.head);
    }
    float* scores = block.scores + i * block.score_stride;
    const float highest = mask_and_maximum(scores, keys);
    if (first_key == 0) {
      block.maximum[i] = highest;
      block.sum[i] = 0;
    } else if (highest > block.maximum[i]) {
      const float factor = std::exp(block.maximum[i] - highest);
      const int64_t width = pad_to_lanes(op.shape.head_size);
      scale_row(block.outputs + i * width, width, factor);
      block.maximum[i] = highest;
      block.sum[i] *= factor;
    }
    block.sum[i] += exponentials<Dropped>(scores, keys, block.maximum[i], dropout, first_key);
  }
}

// The outputs and log_sum_exp of one block of queries.
void forward_block(const AttentionForward& op, const AttentionTask& task, const PackedKeys& packed,
                   QueryBlock& block) {
  const int64_t size = op.shape.head_size;
  const int64_t width = pad_to_lanes(size);
  const auto softmax = op.dropout.active() ? online_softmax<true> : online_softmax<false>;
  copy_rows(op.query.row<float>(block.first) + task.first_column, op.query.stride, block.count, size,
            op.shape.scale, block.queries);
  for (int64_t first = 0; first < task.keys; first += forward_block_keys) {
    const int64_t keys = std::min(forward_block_keys, task.keys - first);
    product({block.queries, size, 1}, block.count, packed.transposed + first * size, size, keys, false,
            block.scores, block.score_stride);
    softmax(op, task, block, first, keys);
    product({block.scores, block.score_stride, 1}, block.count, packed.values + first * width, keys, size,
            first > 0, block.outputs, width);
  }
  for (int64_t i = 0; i < block.count; ++i) {
    store_row(block.outputs + i * width, size, 1 / block.sum[i], false,
              op.output.row<float>(block.first + i) + task.first_column);
    op.log_sum_exp.row<float>(block.first + i)[task.head] = block.maximum[i] + std::log(block.sum[i]);
  }
}

}  // namespace

void forward_task(const void* opaque, const AttentionTask& task) {
  const auto& op = *static_cast<const AttentionForward*>(opaque);
  if (task.queries == 0) return;
  const int64_t size = op.shape.head_size;
  const int64_t width = pad_to_lanes(size);
  const int64_t score_stride = padded_score_stride(std::min(task.keys, forward_block_keys));
  const auto pieces = attention_scratch_pieces<5>(
      {pad_to_lanes(task.keys) * size, task.keys * width, forward_block_queries * size,
       forward_block_queries * score_stride, forward_block_queries * width});
  const PackedKeys packed{pieces[0], pieces[1]};
  const float* key = op.key.row<float>(task.first_key) + task.first_column;
  const float* value = op.value.row<float>(task.first_key) + task.first_column;
  pack_transposed(key, op.key.stride, task.keys, size, packed.transposed);
  for (int64_t first = 0; first < task.keys; first += forward_block_keys) {
    pack_rows(value + first * op.value.stride, op.value.stride,
              std::min(forward_block_keys, task.keys - first), size, 1, packed.values + first * width);
  }
  QueryBlock block{0, 0, pieces[2], pieces[3], pieces[4], score_stride, {}, {}};
  for (int64_t first = 0; first < task.queries; first += forward_block_queries) {
    block.first = task.first_query + first;
    block.count = std::min(forward_block_queries, task.queries - first);
    forward_block(op, task, packed, block);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(forward_task);

void attention_forward(Cpu&, const AttentionForward& op) {
  if (!fills_quarter_vectors(op.shape)) {
    Reference plain_loops;
    return attention_forward(plain_loops, op);
  }
  for_each_attention_task(
      op.shape, op.query_offsets, op.key_offsets,
      [](const void* opaque, const AttentionTask& task) {
        HWY_DYNAMIC_DISPATCH(forward_task)
        (opaque, task);
      },
      &op);
}

}  // namespace cloze
#endif
