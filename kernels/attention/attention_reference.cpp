#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/common/reference.h"

namespace cloze {
namespace {

// One head of one sequence: its first rows and its sizes.
struct AttentionHead {
  int64_t head, first_column;
  int64_t first_query, queries;
  int64_t first_key, keys;
};

// Calls body(AttentionHead) for every live sequence and head.
template <typename Body>
void for_each_head(const AttentionShape& shape, const Tensor& query_offsets, const Tensor& key_offsets,
                   Body body) {
  const int32_t* query_begin = query_offsets.as<int32_t>();
  const int32_t* key_begin = key_offsets.as<int32_t>();
  for (int64_t s = 0; s < live_sequences(query_offsets); ++s) {
    for (int64_t head = 0; head < shape.heads; ++head) {
      body(AttentionHead{head, head * shape.head_size, query_begin[s], query_begin[s + 1] - query_begin[s],
                         key_begin[s], key_begin[s + 1] - key_begin[s]});
    }
  }
}

template <typename T>
T dot(const T* left, const T* right, int64_t count) {
  T sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += left[i] * right[i];
  return sum;
}

// Fills probabilities[keys] = softmax(scale · query · keyᵀ) of one query row; returns its log_sum_exp.
template <typename T>
T attention_probabilities(const AttentionShape& shape, const AttentionHead& head, const T* query,
                          const Tensor& key, std::vector<T>& probabilities) {
  probabilities.resize(static_cast<size_t>(head.keys));
  for (int64_t k = 0; k < head.keys; ++k) {
    const T* key_row = key.row<T>(head.first_key + k) + head.first_column;
    probabilities[k] = static_cast<T>(shape.scale) * dot(query, key_row, shape.head_size);
  }
  const T maximum = *std::max_element(probabilities.begin(), probabilities.end());
  T sum = 0;
  for (T score : probabilities) sum += std::exp(score - maximum);
  const T log_sum_exp = maximum + std::log(sum);
  for (T& score : probabilities) score = std::exp(score - log_sum_exp);
  return log_sum_exp;
}

// The dropout's factor of every probability of one query row: 0 or scale().
template <typename T>
void attention_dropout(const AttentionShape& shape, const AttentionHead& head, const Dropout& dropout,
                       int64_t query_row, std::vector<T>& factors) {
  factors.assign(static_cast<size_t>(head.keys), T(1));
  if (!dropout.active()) return;
  const int32_t* id = dropout.row_ids.row<int32_t>(query_row);
  const auto sequence = static_cast<uint32_t>(id[0]);
  const auto row = static_cast<uint32_t>(id[1] * shape.heads + head.head);
  for (int64_t k = 0; k < head.keys; ++k) {
    const bool kept = dropout_keeps(dropout_key(dropout), dropout.site, sequence, row,
                                    static_cast<uint32_t>(k), dropout.threshold());
    factors[k] = kept ? static_cast<T>(dropout.scale()) : T(0);
  }
}

template <typename T>
void forward(const AttentionForward& op) {
  std::vector<T> probabilities, factors;
  for_each_head(op.shape, op.query_offsets, op.key_offsets, [&](const AttentionHead& head) {
    for (int64_t row = head.first_query; row < head.first_query + head.queries; ++row) {
      const T* query = op.query.row<T>(row) + head.first_column;
      op.log_sum_exp.row<T>(row)[head.head] =
          attention_probabilities(op.shape, head, query, op.key, probabilities);
      attention_dropout(op.shape, head, op.dropout, row, factors);
      T* output = op.output.row<T>(row) + head.first_column;
      std::fill_n(output, op.shape.head_size, T(0));
      for (int64_t k = 0; k < head.keys; ++k) {
        const T* value = op.value.row<T>(head.first_key + k) + head.first_column;
        for (int64_t c = 0; c < op.shape.head_size; ++c)
          output[c] += probabilities[k] * factors[k] * value[c];
      }
    }
  });
}

// With p the probabilities, f the dropout's factors and g the output's gradient, per query row q:
//   dv_k += p_k f_k g,   dp_k = f_k (g · v_k),   ds_k = p_k (dp_k - Σ_j p_j dp_j),
//   dq = scale Σ_k ds_k k_k,   dk_k += scale ds_k q.
template <typename T>
void backward(const AttentionBackward& op) {
  const int64_t size = op.shape.head_size;
  const T scale = static_cast<T>(op.shape.scale);
  std::vector<T> probabilities, factors, gradients;
  for_each_head(op.shape, op.query_offsets, op.key_offsets, [&](const AttentionHead& head) {
    const auto at = [&](const Tensor& tensor, int64_t row) { return tensor.row<T>(row) + head.first_column; };
    for (int64_t k = 0; k < head.keys; ++k) {
      std::fill_n(at(op.key_gradient, head.first_key + k), size, T(0));
      std::fill_n(at(op.value_gradient, head.first_key + k), size, T(0));
    }
    for (int64_t row = head.first_query; row < head.first_query + head.queries; ++row) {
      const T* query = at(op.query, row);
      const T* output_gradient = at(op.output_gradient, row);
      attention_probabilities(op.shape, head, query, op.key, probabilities);
      attention_dropout(op.shape, head, op.dropout, row, factors);
      gradients.resize(probabilities.size());
      T mean = 0;
      for (int64_t k = 0; k < head.keys; ++k) {
        gradients[k] = factors[k] * dot(output_gradient, at(op.value, head.first_key + k), size);
        mean += probabilities[k] * gradients[k];
      }
      T* query_gradient = at(op.query_gradient, row);
      std::fill_n(query_gradient, size, T(0));
      for (int64_t k = 0; k < head.keys; ++k) {
        const T score_gradient = scale * probabilities[k] * (gradients[k] - mean);
        const T* key = at(op.key, head.first_key + k);
        T* key_gradient = at(op.key_gradient, head.first_key + k);
        T* value_gradient = at(op.value_gradient, head.first_key + k);
        for (int64_t c = 0; c < size; ++c) {
          query_gradient[c] += score_gradient * key[c];
          key_gradient[c] += score_gradient * query[c];
          value_gradient[c] += probabilities[k] * factors[k] * output_gradient[c];
        }
      }
    }
  });
}

}  // namespace

void attention_forward(Reference&, const AttentionForward& op) {
  with_element_type(op.query, [&]<typename T>(T) { forward<T>(op); });
}

void attention_backward(Reference&, const AttentionBackward& op) {
  with_element_type(op.query, [&]<typename T>(T) { backward<T>(op); });
}

}  // namespace cloze
