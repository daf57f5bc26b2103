#include "kernels/common/launch.h"
#include "kernels/common/warp.cuh"
#include "kernels/optimizer/adam_step.cuh"
#include "kernels/optimizer/segment_chunks.h"

namespace cloze {
namespace {

struct SquareSums {
  double parameters = 0, updates = 0;

  __device__ void add(float parameter, float update) {
    parameters += static_cast<double>(parameter) * static_cast<double>(parameter);
    updates += static_cast<double>(update) * static_cast<double>(update);
  }
};

// First pass over memory: moments, and per chunk {Σ parameter², Σ update²} in chunk_sums[chunks, 2].
__global__ void __launch_bounds__(adam_threads)
    moments_kernel(AdamBuffers buffers, SegmentTable table, double* chunk_sums) {
  __shared__ double scratch[2][adam_threads / warp_lanes];
  if (skips(buffers)) return;
  const ChunkPlace place = chunk_place(table);
  const SegmentTable::Entry& segment = table.entries[place.segment];
  if (segment.learning_rate_scale == 0) return;
  const AdamStep step(buffers);
  SquareSums sums;
  for_each_chunk_group(place, [&](int64_t first, int count) {
    if (count == 1) {
      const float parameter = buffers.parameters[first];
      float m = buffers.first_moment[first], v = buffers.second_moment[first];
      step.update_moments(buffers.gradients[first], m, v);
      buffers.first_moment[first] = m;
      buffers.second_moment[first] = v;
      sums.add(parameter, step.update(m, v, parameter, segment.weight_decay));
      return;
    }
    float parameters[group], gradients[group], m[group], v[group];
    load_group(buffers.gradients + first, gradients);
    load_group(buffers.first_moment + first, m);
    load_group(buffers.second_moment + first, v);
    load_group(buffers.parameters + first, parameters);
#pragma unroll
    for (int i = 0; i < group; ++i) {
      step.update_moments(gradients[i], m[i], v[i]);
      sums.add(parameters[i], step.update(m[i], v[i], parameters[i], segment.weight_decay));
    }
    store_group(buffers.first_moment + first, m);
    store_group(buffers.second_moment + first, v);
  });
  const double parameters = block_sum(sums.parameters, scratch[0]);
  const double updates = block_sum(sums.updates, scratch[1]);
  if (threadIdx.x == 0) {
    double* mine = chunk_sums + 2 * (table.first_chunk + int64_t{blockIdx.x});
    mine[0] = parameters;
    mine[1] = updates;
  }
}

// A warp per segment: {Σ w², Σ u²} from the sums of its chunks, added in a fixed order; zeros where the step
// is skipped or the segment does not adapt.
__global__ void sums_kernel(AdamBuffers buffers, SegmentTable table, const double* chunk_sums,
                            double* square_sums) {
  const int index = static_cast<int>(blockIdx.x) * block_warps() + warp_index();
  if (index >= table.count) return;
  const SegmentTable::Entry& segment = table.entries[index];
  const int32_t next = index + 1 < table.count ? table.entries[index + 1].first_chunk : table.chunks;
  const bool adapts = segment.weight_decay != 0 && segment.learning_rate_scale != 0;
  SquareSums sums;
  if (adapts && isfinite(*buffers.norm))
    for (int32_t chunk = segment.first_chunk + lane_index(); chunk < next; chunk += warp_lanes) {
      const double* chunk_sum = chunk_sums + 2 * (table.first_chunk + chunk);
      sums.parameters += chunk_sum[0];
      sums.updates += chunk_sum[1];
    }
  const double parameters = warp_sum(sums.parameters), updates = warp_sum(sums.updates);
  if (lane_index() != 0) return;
  double* mine = square_sums + 2 * (table.first_segment + index);
  mine[0] = parameters;
  mine[1] = updates;
}

// Of several processes: square_sums[rows, stride].
struct SumRows {
  const double* sums;
  int64_t rows, stride;

  __device__ double trust_ratio(int segment) const {
    double parameters = 0, updates = 0;
    for (int64_t row = 0; row < rows; ++row) {
      parameters += sums[row * stride + 2 * segment];
      updates += sums[row * stride + 2 * segment + 1];
    }
    return parameters > 0 && updates > 0 ? sqrt(parameters / updates) : 1.0;
  }
};

// Second pass: parameters, with the trust ratio of their segment.
__global__ void __launch_bounds__(adam_threads)
    parameters_kernel(AdamBuffers buffers, SegmentTable table, SumRows sums) {
  if (!isfinite(*buffers.norm)) return;
  const ChunkPlace place = chunk_place(table);
  const SegmentTable::Entry& segment = table.entries[place.segment];
  if (segment.learning_rate_scale == 0) return;
  const AdamStep step(buffers);
  const float rate = step.learning_rate * segment.learning_rate_scale *
                     static_cast<float>(sums.trust_ratio(table.first_segment + place.segment));
  for_each_chunk_group(place, [&](int64_t first, int count) {
    if (count == 1) {
      float& parameter = buffers.parameters[first];
      parameter -= rate * step.update(buffers.first_moment[first], buffers.second_moment[first], parameter,
                                      segment.weight_decay);
      if (buffers.compute_copy != nullptr) buffers.compute_copy[first] = to_bfloat16(parameter);
      return;
    }
    float parameters[group], m[group], v[group];
    load_group(buffers.parameters + first, parameters);
    load_group(buffers.first_moment + first, m);
    load_group(buffers.second_moment + first, v);
#pragma unroll
    for (int i = 0; i < group; ++i)
      parameters[i] -= rate * step.update(m[i], v[i], parameters[i], segment.weight_decay);
    store_group(buffers.parameters + first, parameters);
    if (buffers.compute_copy != nullptr) store_group(buffers.compute_copy + first, parameters);
  });
}

}  // namespace

void lamb_moments(Cuda& device, const Lamb& op) {
  const AdamBuffers buffers = adam_buffers(op);
  double* chunk_sums = op.workspace.as<double>() + 2 * op.segments.size();
  constexpr int64_t warps = 8;
  for_each_segment_table(op.segments, [&](const SegmentTable& table) {
    if (table.chunks > 0)
      launch(device, {table.chunks, adam_threads}, moments_kernel, buffers, table, chunk_sums);
    launch(device, {(table.count + warps - 1) / warps, warps * warp_lanes}, sums_kernel, buffers, table,
           chunk_sums, op.square_sums.as<double>());
  });
}

void lamb_parameters(Cuda& device, const Lamb& op) {
  const AdamBuffers buffers = adam_buffers(op);
  const SumRows sums{op.square_sums.as<double>(), op.square_sums.rows, op.square_sums.stride};
  for_each_segment_table(op.segments, [&](const SegmentTable& table) {
    if (table.chunks > 0)
      launch(device, {table.chunks, adam_threads}, parameters_kernel, buffers, table, sums);
  });
}

void lamb(Cuda& device, const Lamb& op) {
  Lamb whole = op;
  whole.square_sums = own_square_sums(op);
  lamb_moments(device, whole);
  lamb_parameters(device, whole);
}

}  // namespace cloze
