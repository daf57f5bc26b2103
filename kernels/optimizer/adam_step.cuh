#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/common/bfloat16.h"
#include "kernels/common/vector.cuh"
#include "kernels/optimizer/optimizer.h"
#include "kernels/optimizer/segment_table.h"

namespace cloze {

constexpr int adam_threads = 256;

// What AdamW and LAMB share: the flat buffers and the numbers of one step.
struct AdamBuffers {
  float *parameters, *gradients, *first_moment, *second_moment;
  BFloat16* compute_copy;  // or null
  const float *scalars, *norm;
  int32_t* skipped;
  float max_norm, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon;
};

template <typename Op>
AdamBuffers adam_buffers(const Op& op) {
  return {op.parameters.template as<float>(),
          op.gradients.template as<float>(),
          op.first_moment.template as<float>(),
          op.second_moment.template as<float>(),
          op.compute_copy ? op.compute_copy.template as<BFloat16>() : nullptr,
          op.scalars.template as<float>(),
          op.clipping.norm.template as<float>(),
          op.clipping.skipped.template as<int32_t>(),
          op.clipping.max_norm,
          static_cast<float>(op.beta1),
          static_cast<float>(1 - op.beta1),
          static_cast<float>(op.beta2),
          static_cast<float>(1 - op.beta2),
          static_cast<float>(op.epsilon)};
}

// The numbers of this step as read on the device, and the arithmetic on one element.
struct AdamStep {
  float clip, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon;
  float learning_rate, first_correction, second_correction;

  explicit __device__ AdamStep(const AdamBuffers& buffers)
      : beta1(buffers.beta1),
        one_minus_beta1(buffers.one_minus_beta1),
        beta2(buffers.beta2),
        one_minus_beta2(buffers.one_minus_beta2),
        epsilon(buffers.epsilon),
        learning_rate(buffers.scalars[OptimizerScalars::learning_rate]),
        first_correction(buffers.scalars[OptimizerScalars::first_moment_correction]),
        second_correction(buffers.scalars[OptimizerScalars::second_moment_correction]) {
    const float max_norm = buffers.max_norm;
    clip = max_norm > 0 ? max_norm / fmaxf(*buffers.norm, max_norm) : 1.0f;
  }

  // The moments take the gradient in.
  __device__ void update_moments(float gradient, float& first, float& second) const {
    gradient *= clip;
    first = beta1 * first + one_minus_beta1 * gradient;
    second = beta2 * second + one_minus_beta2 * (gradient * gradient);
  }
  // m̂ / (sqrt(v̂) + epsilon) + decay · parameter
  __device__ float update(float first, float second, float parameter, float decay) const {
    return first * first_correction / (sqrtf(second * second_correction) + epsilon) + decay * parameter;
  }
};

// Is the step skipped? Told to the caller by one thread of the launch.
__device__ inline bool skips(const AdamBuffers& buffers) {
  const bool skipped = !isfinite(*buffers.norm);
  if (blockIdx.x == 0 && threadIdx.x == 0) *buffers.skipped = skipped ? 1 : 0;
  return skipped;
}

// The segment and the elements of the chunk that a block works on.
struct ChunkPlace {
  int segment;  // of the table
  int64_t begin, end;
};

__device__ inline ChunkPlace chunk_place(const SegmentTable& table) {
  const auto chunk = static_cast<int32_t>(blockIdx.x);
  int low = 0, high = table.count;  // entries[low].first_chunk <= chunk < entries[high].first_chunk
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (table.entries[middle].first_chunk <= chunk ? low : high) = middle;
  }
  const SegmentTable::Entry& entry = table.entries[low];
  const int64_t begin = entry.begin + int64_t{chunk - entry.first_chunk} * gradient_norm_chunk;
  const int64_t end = begin + gradient_norm_chunk;
  return {low, begin, end < entry.end ? end : entry.end};
}

// body(first element, count) over a chunk: groups of eight, and single elements (count 1) where the chunk
// does not begin on a group or end with one.
template <typename Body>
__device__ void for_each_chunk_group(const ChunkPlace& place, const Body& body) {
  const int64_t whole_end = place.begin % group == 0 ? place.end - place.end % group : place.begin;
  for (int64_t i = place.begin + static_cast<int64_t>(threadIdx.x) * group; i < whole_end;
       i += adam_threads * group)
    body(i, group);
  for (int64_t i = whole_end + static_cast<int64_t>(threadIdx.x); i < place.end; i += adam_threads)
    body(i, 1);
}

}  // namespace cloze
