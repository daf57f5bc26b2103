#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention_backward_cpu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// after highway.h
#include "kernels/attention/tile_product-inl.h"
#include "kernels/common/dropout_simd-inl.h"
#include "kernels/common/simd_math-inl.h"

#include <algorithm>

#include "kernels/attention/attention.h"
#include "kernels/attention/attention_tasks.h"

// With s = scale q·kᵀ, p = exp(s - log_sum_exp), m the dropout's multipliers and g the output's gradient (Dao
// et al. 2022, appendix B.4):
//   dv = (p m)ᵀ g,   ds = p (m (g·vᵀ) - g·output),   dq = scale ds·k,   dk = dsᵀ (scale q).
HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace {

constexpr int64_t backward_block_queries = 8 * tile_rows;
constexpr int64_t backward_block_keys = 256;

// What one block of keys needs, and its gradients.
struct KeyBlock {
  int64_t first, count;      // keys of the sequence
  float* transposed_keys;    // keyᵀ [head_size, count]
  float* transposed_values;  // valueᵀ [head_size, count]
  float* keys;               // key [count, head_size]
  float* key_gradients;      // [count, padded head_size]
  float* value_gradients;    // [count, padded head_size]
};

// What one block of queries needs. Queries are times the scale.
struct BackwardQueries {
  int64_t first, count;     // first: row of the query tensor
  float* queries;           // left operand [count, head_size]
  float* gradients;         // left operand [count, head_size], of the output
  float* packed_queries;    // right operand [count, head_size]
  float* packed_gradients;  // right operand [count, head_size]
  float* probabilities;     // [count, keys], rows score_stride apart: first the scores, then p m
  float* score_gradients;   // [count, keys]: first g·vᵀ, then ds
  float* query_gradients;   // [count, padded head_size]
  int64_t score_stride;
};

// scores -> p m and gradients -> ds, in place, for one query.
template <bool Dropped>
HWY_INLINE void score_gradient_row(float* HWY_RESTRICT scores, float* HWY_RESTRICT gradients, int64_t keys,
                                   float log_sum_exp, float mean, const DropoutRow& dropout,
                                   int64_t first_key) {
  const FullTag tag;
  for (int64_t k = 0; k < keys; k += 4 * vector_lanes) {
    hn::Vec<FullTag> multipliers[4];
    if constexpr (Dropped) {
      dropout_multipliers(tag, dropout, static_cast<uint32_t>(first_key + k), multipliers[0], multipliers[1],
                          multipliers[2], multipliers[3]);
    }
    for (int64_t j = 0; j < 4 && k + j * vector_lanes < keys; ++j) {
      const int64_t at = k + j * vector_lanes;
      const auto probability =
          vector_exp(tag, hn::Sub(hn::Load(tag, scores + at), hn::Set(tag, log_sum_exp)));
      auto gradient = hn::Load(tag, gradients + at);
      if constexpr (Dropped) {
        gradient = hn::Mul(gradient, multipliers[j]);
        hn::Store(hn::Mul(probability, multipliers[j]), tag, scores + at);
      } else {
        hn::Store(probability, tag, scores + at);
      }
      hn::Store(hn::Mul(probability, hn::Sub(gradient, hn::Set(tag, mean))), tag, gradients + at);
    }
  }
}

template <bool Dropped>
HWY_NOINLINE void score_gradients(const AttentionBackward& op, const AttentionTask& task,
                                  const KeyBlock& keys, const BackwardQueries& block) {
  for (int64_t i = 0; i < block.count; ++i) {
    const int64_t row = block.first + i;
    DropoutRow dropout{};
    if constexpr (Dropped) {
      dropout = dropout_row(op.dropout, row);
      dropout.row = dropout.row * static_cast<uint32_t>(op.shape.heads) + static_cast<uint32_t>(task.head);
    }
    const float mean = row_dot(op.output_gradient.row<float>(row) + task.first_column,
                               op.output.row<float>(row) + task.first_column, op.shape.head_size);
    score_gradient_row<Dropped>(block.probabilities + i * block.score_stride,
                                block.score_gradients + i * block.score_stride, keys.count,
                                op.log_sum_exp.row<float>(row)[task.head], mean, dropout, keys.first);
  }
}

// One block of queries against one block of keys: adds to the keys' gradients and writes (first block of
// keys) or adds to the queries' own.
void backward_block(const AttentionBackward& op, const AttentionTask& task, const KeyBlock& keys,
                    const BackwardQueries& block) {
  const int64_t size = op.shape.head_size;
  const int64_t width = pad_to_lanes(size);
  const int64_t stride = block.score_stride;
  const bool first_queries = block.first == task.first_query;
  const float* query = op.query.row<float>(block.first) + task.first_column;
  const float* gradient = op.output_gradient.row<float>(block.first) + task.first_column;
  copy_rows(query, op.query.stride, block.count, size, op.shape.scale, block.queries);
  copy_rows(gradient, op.output_gradient.stride, block.count, size, 1, block.gradients);
  pack_rows(query, op.query.stride, block.count, size, op.shape.scale, block.packed_queries);
  pack_rows(gradient, op.output_gradient.stride, block.count, size, 1, block.packed_gradients);

  product({block.queries, size, 1}, block.count, keys.transposed_keys, size, keys.count, false,
          block.probabilities, stride);
  product({block.gradients, size, 1}, block.count, keys.transposed_values, size, keys.count, false,
          block.score_gradients, stride);
  op.dropout.active() ? score_gradients<true>(op, task, keys, block)
                      : score_gradients<false>(op, task, keys, block);
  product({block.probabilities, 1, stride}, keys.count, block.packed_gradients, block.count, size,
          !first_queries, keys.value_gradients, width);
  product({block.score_gradients, 1, stride}, keys.count, block.packed_queries, block.count, size,
          !first_queries, keys.key_gradients, width);
  product({block.score_gradients, stride, 1}, block.count, keys.keys, keys.count, size, false,
          block.query_gradients, width);
  for (int64_t i = 0; i < block.count; ++i) {
    store_row(block.query_gradients + i * width, size, op.shape.scale, keys.first > 0,
              op.query_gradient.row<float>(block.first + i) + task.first_column);
  }
}

void pack_keys(const AttentionBackward& op, const AttentionTask& task, const KeyBlock& block) {
  const int64_t row = task.first_key + block.first;
  const int64_t size = op.shape.head_size;
  const float* key = op.key.row<float>(row) + task.first_column;
  const float* value = op.value.row<float>(row) + task.first_column;
  pack_transposed(key, op.key.stride, block.count, size, block.transposed_keys);
  pack_transposed(value, op.value.stride, block.count, size, block.transposed_values);
  pack_rows(key, op.key.stride, block.count, size, 1, block.keys);
}

void store_key_gradients(const AttentionBackward& op, const AttentionTask& task, const KeyBlock& block) {
  const int64_t size = op.shape.head_size;
  const int64_t width = pad_to_lanes(size);
  for (int64_t k = 0; k < block.count; ++k) {
    const int64_t row = task.first_key + block.first + k;
    store_row(block.key_gradients + k * width, size, 1, false,
              op.key_gradient.row<float>(row) + task.first_column);
    store_row(block.value_gradients + k * width, size, 1, false,
              op.value_gradient.row<float>(row) + task.first_column);
  }
}

}  // namespace

void backward_task(const void* opaque, const AttentionTask& task) {
  const auto& op = *static_cast<const AttentionBackward*>(opaque);
  const int64_t size = op.shape.head_size;
  const int64_t width = pad_to_lanes(size);
  const int64_t most_keys = std::min(task.keys, backward_block_keys);
  const int64_t score_stride = padded_score_stride(most_keys);
  constexpr int64_t queries = backward_block_queries;
  const auto pieces = attention_scratch_pieces<12>(
      {pad_to_lanes(most_keys) * size, pad_to_lanes(most_keys) * size, most_keys * width, most_keys * width,
       most_keys * width, queries * size, queries * size, queries * width, queries * width,
       queries * score_stride, queries * score_stride, queries * width});
  KeyBlock keys{0, 0, pieces[0], pieces[1], pieces[2], pieces[3], pieces[4]};
  BackwardQueries block{0,         0,         pieces[5],  pieces[6],  pieces[7],
                        pieces[8], pieces[9], pieces[10], pieces[11], score_stride};
  for (keys.first = 0; keys.first < task.keys; keys.first += most_keys) {
    keys.count = std::min(most_keys, task.keys - keys.first);
    pack_keys(op, task, keys);
    if (task.queries == 0) {
      std::fill_n(keys.key_gradients, keys.count * width, 0.0f);
      std::fill_n(keys.value_gradients, keys.count * width, 0.0f);
    }
    for (int64_t first = 0; first < task.queries; first += queries) {
      block.first = task.first_query + first;
      block.count = std::min(queries, task.queries - first);
      backward_block(op, task, keys, block);
    }
    store_key_gradients(op, task, keys);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(backward_task);

void attention_backward(Cpu&, const AttentionBackward& op) {
  if (!fills_quarter_vectors(op.shape)) {
    Reference plain_loops;
    return attention_backward(plain_loops, op);
  }
  for_each_attention_task(
      op.shape, op.query_offsets, op.key_offsets,
      [](const void* opaque, const AttentionTask& task) {
        HWY_DYNAMIC_DISPATCH(backward_task)(opaque, task);
      },
      &op);
}

}  // namespace cloze
#endif
