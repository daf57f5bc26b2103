#include "kernels/attention/planned_attention.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "kernels/common/cuda_memory.h"

namespace cloze {
namespace {

template <typename Op>
AttentionPlanShape common_shape(const Op& op) {
  const auto longest = [](int64_t known, int64_t rows) { return known > 0 ? std::min(known, rows) : rows; };
  return {.sequences = op.query_offsets.columns - 1,
          .heads = op.shape.heads,
          .head_size = op.shape.head_size,
          .scale = op.shape.scale,
          .dropout = op.dropout.probability,
          .most_queries = longest(op.shape.longest_sequence, op.query.rows),
          .most_keys = longest(op.shape.longest_sequence, op.key.rows),
          .query_rows = op.query.rows,
          .key_rows = op.key.rows,
          .query_stride = op.query.stride,
          .key_stride = op.key.stride,
          .output_stride = op.output.stride,
          .statistics_stride = op.log_sum_exp.stride};
}

void require_fit(const AttentionPlanShape& shape, const Tensor& key, const Tensor& value) {
  if (key.stride != value.stride)
    throw CudaError("attention by a library takes keys and values with rows equally far apart");
  // Places are 32-bit numbers of elements.
  const int64_t widest_query = std::max({shape.query_stride, shape.output_stride, shape.statistics_stride,
                                         shape.output_gradient_stride, shape.query_gradient_stride});
  const int64_t widest_key = std::max(shape.key_stride, shape.key_gradient_stride);
  if (std::max(shape.query_rows * widest_query, shape.key_rows * widest_key) >
      std::numeric_limits<int32_t>::max())
    throw CudaError("attention by a library takes up to 2^31 elements of a tensor: fewer tokens at once");
}

template <typename Op>
AttentionPlanOperands common_operands(const Op& op, const AttentionTables& tables) {
  return {.query = op.query.data,
          .key = op.key.data,
          .value = op.value.data,
          .output = op.output.data,
          .log_sum_exp = op.log_sum_exp.data,
          .tables = tables};
}

Tensor table(void* data, int64_t rows, int64_t columns) {
  return {data, DType::i32, rows, columns, columns};
}

}  // namespace

PlannedAttention::Memory::Memory(int64_t size)
    : data(size > 0 ? cuda_allocate(size) : nullptr), bytes(size) {}

void PlannedAttention::Memory::Free::operator()(void* data) const {
  cuda_free(data);
}

void* PlannedAttention::workspace(int64_t bytes) {
  if (bytes == 0) return nullptr;
  if (workspaces_.empty() || workspaces_.back().bytes < bytes) workspaces_.emplace_back(bytes);
  return workspaces_.back().data.get();
}

PlannedAttention::Entry PlannedAttention::make(const AttentionPlanShape& shape) {
  constexpr int64_t random_words = 4;  // first: 64-bit integers are aligned so
  const int64_t places = AttentionTables::place_count * (shape.sequences + 1);
  Entry entry{.plan = make_(shape),
              .table_memory = Memory((random_words + places + 2 * shape.sequences) *
                                     static_cast<int64_t>(sizeof(int32_t))),
              .tables = {},
              .workspace = nullptr};
  auto* words = static_cast<int32_t*>(entry.table_memory.data.get());
  entry.tables = {.places = table(words + random_words, AttentionTables::place_count, shape.sequences + 1),
                  .lengths = table(words + random_words + places, 2, shape.sequences),
                  .random = table(words, 1, random_words)};
  entry.workspace = workspace(entry.plan->workspace_bytes());
  return entry;
}

template <typename Op>
PlannedAttention::Entry& PlannedAttention::prepare(Cuda& device, const AttentionPlanShape& shape,
                                                   const Op& op) {
  require_fit(shape, op.key, op.value);
  auto found = entries_.find(shape);
  if (found == entries_.end()) found = entries_.emplace(shape, make(shape)).first;
  fill_attention_tables(device, {.query_offsets = op.query_offsets,
                                 .key_offsets = op.key_offsets,
                                 .dropout = op.dropout,
                                 .shape = shape,
                                 .tables = found->second.tables});
  return found->second;
}

void PlannedAttention::forward(Cuda& device, const AttentionForward& op) {
  Entry& entry = prepare(device, common_shape(op), op);
  entry.plan->run(device, common_operands(op, entry.tables), entry.workspace);
}

void PlannedAttention::backward(Cuda& device, const AttentionBackward& op) {
  AttentionPlanShape shape = common_shape(op);
  shape.backward = true;
  shape.output_gradient_stride = op.output_gradient.stride;
  shape.query_gradient_stride = op.query_gradient.stride;
  shape.key_gradient_stride = op.key_gradient.stride;
  require_fit(shape, op.key_gradient, op.value_gradient);
  Entry& entry = prepare(device, shape, op);
  AttentionPlanOperands operands = common_operands(op, entry.tables);
  operands.output_gradient = op.output_gradient.data;
  operands.query_gradient = op.query_gradient.data;
  operands.key_gradient = op.key_gradient.data;
  operands.value_gradient = op.value_gradient.data;
  entry.plan->run(device, operands, entry.workspace);
}

}  // namespace cloze
