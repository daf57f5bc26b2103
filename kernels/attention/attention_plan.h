#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>

#include "kernels/common/cuda.h"
#include "kernels/common/dropout.h"
#include "kernels/common/tensor.h"

// Attention as libraries take it: planned for sizes that stay, with tables on the GPU that say what this
// batch holds.
namespace cloze {

// What a plan is made for. Strides are elements from row to row.
struct AttentionPlanShape {
  bool backward = false;
  int64_t sequences = 0;  // at most
  int64_t heads = 0, head_size = 0;
  float scale = 0, dropout = 0;
  int64_t most_queries = 0, most_keys = 0;  // of a sequence
  int64_t query_rows = 0, key_rows = 0;     // of all
  int64_t query_stride = 0, key_stride = 0, output_stride = 0, statistics_stride = 0;
  int64_t output_gradient_stride = 0, query_gradient_stride = 0, key_gradient_stride = 0;  // of backward
  friend auto operator<=>(const AttentionPlanShape&, const AttentionPlanShape&) = default;
};

// Where the sequences of a batch lie. Row r of `places`, for the tensor of that place: the element that each
// sequence begins at, and, last, where all end. Slots without a sequence lie at the end and have no length.
struct AttentionTables {
  enum Place {
    query_place,
    key_place,  // of values too
    output_place,
    statistics_place,
    output_gradient_place,
    query_gradient_place,
    key_gradient_place,
    place_count
  };
  Tensor places;   // i32 [place_count, sequences + 1]
  Tensor lengths;  // i32 [2, sequences]: queries, keys
  Tensor random;   // i32 [1, 4]: two 64-bit integers, low halves first: a seed of this op and step, and 0

  int32_t* place(Place row) const { return places.row<int32_t>(row); }
  int32_t* query_lengths() const { return lengths.row<int32_t>(0); }
  int32_t* key_lengths() const { return lengths.row<int32_t>(1); }
  int32_t* seed() const { return random.as<int32_t>(); }
  int32_t* random_offset() const { return random.as<int32_t>() + 2; }
};

// Fills the tables of one op. The seed is a function of the step's dropout key, the dropout's site and the
// first sequence of the batch, so that micro-batches and ranks draw masks of their own.
struct FillAttentionTables {
  Tensor query_offsets, key_offsets;  // i32 [1, sequences + 1], as attention has them
  Dropout dropout;
  AttentionPlanShape shape;
  AttentionTables tables;
};
void fill_attention_tables(Cuda& device, const FillAttentionTables& op);

// What a plan reads and writes.
struct AttentionPlanOperands {
  const void *query = nullptr, *key = nullptr, *value = nullptr;
  void *output = nullptr, *log_sum_exp = nullptr;  // f32; written by forward, read by backward
  const void* output_gradient = nullptr;
  void *query_gradient = nullptr, *key_gradient = nullptr, *value_gradient = nullptr;
  AttentionTables tables;
};

class AttentionPlan {
 public:
  virtual ~AttentionPlan() = default;
  virtual int64_t workspace_bytes() const = 0;
  virtual void run(Cuda& device, const AttentionPlanOperands& operands, void* workspace) = 0;
};

using MakeAttentionPlan = std::function<std::unique_ptr<AttentionPlan>(const AttentionPlanShape&)>;

}  // namespace cloze
