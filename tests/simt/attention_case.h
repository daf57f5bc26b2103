#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "kernels/attention/attention_library.h"
#include "tests/simt/stage.h"

// Attention over sequences of given lengths, for the tests of its kernels and of libraries.
namespace cloze::testing {

struct Sequence {
  int32_t queries, keys;
};
struct AttentionSetup {
  int64_t heads, head_size;
  std::vector<Sequence> sequences;
  float dropout = 0;
  int64_t longest_sequence = 0;
  int64_t shared_bytes = 0;  // of the device, where not its own
  bool f32 = true;           // its one kernel for all lengths need not see the long ones
  bool ordered = true;       // the longest sequences first
  bool by_library = false;   // not by our kernels
};

// Forward, then backward; the tensors are views of wider ones, with rows and a sequence more than what is
// live. What plain arithmetic makes of attention when the operands of every product are bf16: probabilities
// and their gradients are rounded, sums are not.
struct PlainAttention {
  StageBase& stage;
  const AttentionForward& op;
  std::vector<int32_t> query_offsets, key_offsets;

  using Values = std::vector<double>;
  static double rounded(double value) { return to_float(to_bfloat16(static_cast<float>(value))); }
  static double dot(const double* left, const double* right, int64_t count) {
    float sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += static_cast<float>(left[i]) * static_cast<float>(right[i]);
    return sum;
  }

  // body(sequence's first key, its keys, query row, head, p f, f) for every query row and head.
  template <typename Body>
  void for_each_query(const Values& query, const Values& key, const Body& body) const {
    const int64_t hidden = op.query.columns, size = op.shape.head_size;
    for (size_t s = 0; s + 1 < query_offsets.size(); ++s)
      for (int64_t row = query_offsets[s]; row < query_offsets[s + 1]; ++row)
        for (int64_t head = 0; head < op.shape.heads; ++head) {
          const int64_t first = key_offsets[s], keys = key_offsets[s + 1] - first;
          Values p(static_cast<size_t>(keys)), factors(static_cast<size_t>(keys), 1.0);
          double maximum = -1e30, sum = 0;
          for (int64_t k = 0; k < keys; ++k)
            maximum =
                std::max(maximum, p[static_cast<size_t>(k)] =
                                      op.shape.scale * dot(&query[row * hidden + head * size],
                                                           &key[(first + k) * hidden + head * size], size));
          for (double& score : p) sum += score = std::exp(static_cast<float>(score - maximum));
          for (double& value : p) value /= sum;
          if (op.dropout.active()) {
            const int32_t* id = op.dropout.row_ids.row<int32_t>(row);
            for (int64_t k = 0; k < keys; ++k) {
              const bool kept =
                  dropout_keeps(dropout_key(op.dropout), op.dropout.site, static_cast<uint32_t>(id[0]),
                                static_cast<uint32_t>(id[1] * op.shape.heads + head),
                                static_cast<uint32_t>(k), op.dropout.threshold());
              factors[k] = kept ? op.dropout.scale() : 0;
            }
          }
          body(first, keys, row, head, p, factors);
        }
  }

  void forward() const {
    const Values query = stage.read(op.query), key = stage.read(op.key), value = stage.read(op.value);
    const int64_t hidden = op.query.columns, size = op.shape.head_size;
    Values output(query.size(), 0);
    for_each_query(
        query, key,
        [&](int64_t first, int64_t keys, int64_t row, int64_t head, const Values& p, const Values& f) {
          for (int64_t k = 0; k < keys; ++k)
            for (int64_t c = head * size; c < (head + 1) * size; ++c)
              output[row * hidden + c] += rounded(p[k] * f[k]) * value[(first + k) * hidden + c];
        });
    stage.write(op.output, output);
    stage.stored(op.output);
  }

  void backward(const AttentionBackward& to) const {
    const Values query = stage.read(op.query), key = stage.read(op.key), value = stage.read(op.value);
    const Values output = stage.read(op.output), gradient = stage.read(to.output_gradient);
    const int64_t hidden = op.query.columns, size = op.shape.head_size;
    Values dq(query.size(), 0), dk(key.size(), 0), dv(value.size(), 0);
    for_each_query(
        query, key,
        [&](int64_t first, int64_t keys, int64_t row, int64_t head, const Values& p, const Values& f) {
          const int64_t at = row * hidden + head * size;
          const double delta = dot(&output[at], &gradient[at], size);
          for (int64_t k = 0; k < keys; ++k) {
            const int64_t from = (first + k) * hidden + head * size;
            const double ds = rounded(p[k] * (f[k] * dot(&gradient[at], &value[from], size) - delta));
            for (int64_t c = 0; c < size; ++c) {
              dq[at + c] += op.shape.scale * ds * key[from + c];
              dk[from + c] += op.shape.scale * ds * query[at + c];
              dv[from + c] += rounded(p[k] * f[k]) * gradient[at + c];
            }
          }
        });
    stage.write(to.query_gradient, dq);
    stage.write(to.key_gradient, dk);
    stage.write(to.value_gradient, dv);
  }
};

template <typename Stage>
void forward_and_backward(Stage& stage, const AttentionSetup& s) {
  std::vector<int32_t> queries = {0}, keys = {0}, lengths;
  for (const Sequence& sequence : s.sequences) {
    queries.push_back(queries.back() + sequence.queries);
    keys.push_back(keys.back() + sequence.keys);
    lengths.push_back(sequence.queries);
  }
  lengths.push_back(3);  // rows past the live ones
  const int32_t live_queries = queries.back(), live_keys = keys.back();
  queries.push_back(-1);
  keys.push_back(-1);
  const int64_t hidden = s.heads * s.head_size, rows = live_queries + 3, key_rows = live_keys + 2;
  const auto offsets = static_cast<int64_t>(queries.size());
  Tensor query_offsets = stage.ids({1, offsets}, queries), key_offsets = stage.ids({1, offsets}, keys);
  query_offsets.live = key_offsets.live = stage.live(static_cast<int32_t>(s.sequences.size()));
  const auto half = [hidden](Tensor tensor, int64_t which) {
    tensor.data =
        static_cast<char*>(tensor.data) + which * hidden * static_cast<int64_t>(size_of(tensor.dtype));
    tensor.columns = hidden;
    return tensor;
  };
  const Tensor query = stage.input({rows, hidden, 8}), key_value = stage.input({key_rows, 2 * hidden});
  const Dropout dropout = stage.dropout(s.dropout, lengths);
  const Tensor output = stage.output({rows, hidden, 16}), log_sum_exp = stage.output_f32({rows, s.heads});
  const AttentionShape shape{s.heads, s.head_size, 1 / std::sqrt(static_cast<float>(s.head_size)),
                             s.longest_sequence};
  AttentionForward forward{
      shape,   query,  half(key_value, 0), half(key_value, 1), query_offsets, key_offsets,
      dropout, output, log_sum_exp};
  if (s.ordered) {
    forward.work = stage.output_ids({3, static_cast<int64_t>(queries.size())});
    attention_work(stage.device(), AttentionWork{query_offsets, key_offsets, forward.work});
  }
  attention_forward(stage.device(), forward);
  queries.pop_back();
  keys.pop_back();
  const PlainAttention plain{stage, forward, queries, keys};
  if (stage.rounds()) plain.forward();
  stage.compare("output", output, live_queries);
  stage.compare("log_sum_exp", log_sum_exp, live_queries);

  const Tensor output_gradient = stage.input({rows, hidden}), query_gradient = stage.output({rows, hidden});
  const Tensor gradients = stage.output({key_rows, 2 * hidden, 8});
  const AttentionBackward backward{shape,
                                   query,
                                   half(key_value, 0),
                                   half(key_value, 1),
                                   query_offsets,
                                   key_offsets,
                                   dropout,
                                   output,
                                   log_sum_exp,
                                   output_gradient,
                                   query_gradient,
                                   half(gradients, 0),
                                   half(gradients, 1),
                                   forward.work};
  attention_backward(stage.device(), backward);
  if (stage.rounds()) plain.backward(backward);
  stage.stored(query_gradient);
  stage.stored(half(gradients, 0));
  stage.stored(half(gradients, 1));
  stage.compare("query_gradient", query_gradient, live_queries);
  stage.compare("key_gradient", half(gradients, 0), live_keys);
  stage.compare("value_gradient", half(gradients, 1), live_keys);
}

inline void expect_all(const AttentionSetup& setup) {
  const auto body = [&](auto& stage) {
    if constexpr (std::is_same_v<std::decay_t<decltype(stage.device())>, Cuda>) {
      if (setup.shared_bytes > 0) stage.device().shared_bytes = setup.shared_bytes;
      std::unique_ptr<AttentionLibrary> library;
      if (setup.by_library) library = attention_library(stage.device());
      stage.device().attention = library.get();
      forward_and_backward(stage, setup);
    } else {
      forward_and_backward(stage, setup);
    }
  };
  if (setup.head_size % 8 == 0) expect_matches_reference(Storage::bf16, body);
  if (setup.f32) expect_matches_reference(Storage::f32, body);
}

}  // namespace cloze::testing
