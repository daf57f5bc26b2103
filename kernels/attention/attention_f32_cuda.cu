// Attention in f32, plain and for checking: a warp per query row and head, or key row and head, whose lanes
// take 32 keys (queries) at a time and own columns l, l + 32 … of the result.
#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_work.cuh"
#include "kernels/common/dropout.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/warp.cuh"

namespace cloze {
namespace {

constexpr int parts = 4;  // columns of a lane: head sizes up to 128

__device__ float dot(const float* left, const float* right, int count) {
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += left[i] * right[i];
  return sum;
}

__device__ float dropout_factor(const DropoutRow& mask, int column) {
  if (mask.threshold == 0) return 1;
  const bool kept = dropout_keeps(mask.key, mask.site, mask.sequence, mask.row, static_cast<uint32_t>(column),
                                  mask.threshold);
  return kept ? mask.scale : 0.0f;
}

// sums += Σ over lanes of weight · the lane's row; rows of lanes past `count` are not read.
__device__ void add_rows(float (&sums)[parts], float weight, const Tensor& tensor, int64_t first_row,
                         int count, int first_column, int head_size) {
  for (int lane = 0; lane < warp_lanes; ++lane) {
    const float factor = __shfl_sync(whole_warp, weight, lane);
    if (lane >= count) continue;
    const float* row = tensor.row<float>(first_row + lane) + first_column;
#pragma unroll
    for (int part = 0; part < parts; ++part) {
      const int column = lane_index() + warp_lanes * part;
      if (column < head_size) sums[part] += factor * row[column];
    }
  }
}

__device__ void write_row(const float (&sums)[parts], float factor, const Tensor& tensor, int64_t row,
                          int first_column, int head_size) {
#pragma unroll
  for (int part = 0; part < parts; ++part) {
    const int column = lane_index() + warp_lanes * part;
    if (column < head_size) tensor.row<float>(row)[first_column + column] = sums[part] * factor;
  }
}

// body(row, head, sequence) for the rows of a tensor and all heads, a warp each.
template <typename Body>
__device__ void for_each_head_row(const Tensor& offsets, int heads, const Body& body) {
  const int sequences = device_sequences(offsets);
  const int32_t* first_rows = offsets.as<int32_t>();
  if (sequences == 0) return;
  const int first = first_rows[0], items = (first_rows[sequences] - first) * heads;
  for (int item = static_cast<int>(blockIdx.x) * row_loop_rows + warp_index(); item < items;
       item += static_cast<int>(gridDim.x) * row_loop_rows) {
    const int row = first + item / heads;
    body(row, item % heads, sequence_of_row(offsets, row));
  }
}

template <typename Op>
__device__ DropoutRow mask_of(const Op& op, int row, int head) {
  return dropout_row(op.dropout, row, static_cast<uint32_t>(op.shape.heads), static_cast<uint32_t>(head));
}

__global__ void __launch_bounds__(row_loop_threads) forward_kernel(AttentionForward op) {
  const int head_size = static_cast<int>(op.shape.head_size);
  for_each_head_row(op.query_offsets, static_cast<int>(op.shape.heads), [&](int row, int head, int sequence) {
    const SequenceRows rows = sequence_rows(op.query_offsets, op.key_offsets, sequence);
    const int column = head * head_size;
    const float* query = op.query.row<float>(row) + column;
    const DropoutRow mask = mask_of(op, row, head);
    float maximum = -INFINITY, sum = 0, sums[parts] = {};
    for (int first = 0; first < rows.keys; first += warp_lanes) {
      const int key = first + lane_index();
      float score = -INFINITY;
      if (key < rows.keys)
        score = op.shape.scale * dot(query, op.key.row<float>(rows.first_key + key) + column, head_size);
      const float highest = fmaxf(maximum, warp_maximum(score)), correction = expf(maximum - highest);
      const float p = expf(score - highest);
      maximum = highest;
      sum = sum * correction + warp_sum(p);
#pragma unroll
      for (float& value : sums) value *= correction;
      add_rows(sums, p * dropout_factor(mask, key), op.value, rows.first_key + first, rows.keys - first,
               column, head_size);
    }
    write_row(sums, 1 / sum, op.output, row, column, head_size);
    if (lane_index() == 0) op.log_sum_exp.row<float>(row)[head] = maximum + logf(sum);
  });
}

// Of one query row and one key row: p f, and p (f dp - delta).
struct ScoreGradient {
  float probability = 0, gradient = 0;
};
__device__ ScoreGradient score_gradient(const AttentionBackward& op, int64_t query_row, int64_t key_row,
                                        int key, int head, const DropoutRow& mask) {
  const int head_size = static_cast<int>(op.shape.head_size), column = head * head_size;
  const float* output_gradient = op.output_gradient.row<float>(query_row) + column;
  const float score = op.shape.scale * dot(op.query.row<float>(query_row) + column,
                                           op.key.row<float>(key_row) + column, head_size);
  const float p = expf(score - op.log_sum_exp.row<float>(query_row)[head]);
  const float factor = dropout_factor(mask, key);
  const float dp = factor * dot(output_gradient, op.value.row<float>(key_row) + column, head_size);
  const float delta = dot(output_gradient, op.output.row<float>(query_row) + column, head_size);
  return {p * factor, p * (dp - delta)};
}

__global__ void __launch_bounds__(row_loop_threads) query_gradient_kernel(AttentionBackward op) {
  const int head_size = static_cast<int>(op.shape.head_size);
  for_each_head_row(op.query_offsets, static_cast<int>(op.shape.heads), [&](int row, int head, int sequence) {
    const SequenceRows rows = sequence_rows(op.query_offsets, op.key_offsets, sequence);
    const DropoutRow mask = mask_of(op, row, head);
    float sums[parts] = {};
    for (int first = 0; first < rows.keys; first += warp_lanes) {
      const int key = first + lane_index();
      ScoreGradient s;
      if (key < rows.keys) s = score_gradient(op, row, rows.first_key + key, key, head, mask);
      add_rows(sums, s.gradient, op.key, rows.first_key + first, rows.keys - first, head * head_size,
               head_size);
    }
    write_row(sums, op.shape.scale, op.query_gradient, row, head * head_size, head_size);
  });
}

__global__ void __launch_bounds__(row_loop_threads) key_gradient_kernel(AttentionBackward op) {
  const int head_size = static_cast<int>(op.shape.head_size);
  for_each_head_row(op.key_offsets, static_cast<int>(op.shape.heads), [&](int row, int head, int sequence) {
    const SequenceRows rows = sequence_rows(op.query_offsets, op.key_offsets, sequence);
    const int column = head * head_size;
    float key_sums[parts] = {}, value_sums[parts] = {};
    for (int first = 0; first < rows.queries; first += warp_lanes) {
      const int query_row = rows.first_query + first + lane_index();
      ScoreGradient s;
      if (first + lane_index() < rows.queries)
        s = score_gradient(op, query_row, row, row - rows.first_key, head, mask_of(op, query_row, head));
      const int64_t first_row = rows.first_query + first;
      const int left = rows.queries - first;
      add_rows(key_sums, s.gradient, op.query, first_row, left, column, head_size);
      add_rows(value_sums, s.probability, op.output_gradient, first_row, left, column, head_size);
    }
    write_row(key_sums, op.shape.scale, op.key_gradient, row, column, head_size);
    write_row(value_sums, 1, op.value_gradient, row, column, head_size);
  });
}

}  // namespace

void attention_forward_f32(Cuda& device, const AttentionForward& op) {
  launch(device, {looping_blocks(device, op.query.rows * op.shape.heads, row_loop_rows), row_loop_threads},
         forward_kernel, op);
}

void attention_backward_f32(Cuda& device, const AttentionBackward& op) {
  const auto shape = [&](const Tensor& rows) {
    return LaunchShape{looping_blocks(device, rows.rows * op.shape.heads, row_loop_rows), row_loop_threads};
  };
  launch(device, shape(op.query), query_gradient_kernel, op);
  launch(device, shape(op.key), key_gradient_kernel, op);
}

}  // namespace cloze
