#include "kernels/common/launch.h"
#include "kernels/optimizer/adam_step.cuh"

namespace cloze {
namespace {

template <int count>
__device__ void update_elements(const AdamBuffers& buffers, const AdamStep& step, int64_t first, float rate,
                                float decay) {
  if constexpr (count == 1) {
    float m = buffers.first_moment[first], v = buffers.second_moment[first];
    step.update_moments(buffers.gradients[first], m, v);
    const float parameter =
        buffers.parameters[first] - rate * step.update(m, v, buffers.parameters[first], decay);
    buffers.first_moment[first] = m;
    buffers.second_moment[first] = v;
    buffers.parameters[first] = parameter;
    if (buffers.compute_copy != nullptr) buffers.compute_copy[first] = to_bfloat16(parameter);
  } else {
    float parameters[group], gradients[group], m[group], v[group];
    load_group(buffers.gradients + first, gradients);
    load_group(buffers.first_moment + first, m);
    load_group(buffers.second_moment + first, v);
    load_group(buffers.parameters + first, parameters);
#pragma unroll
    for (int i = 0; i < group; ++i) {
      step.update_moments(gradients[i], m[i], v[i]);
      parameters[i] -= rate * step.update(m[i], v[i], parameters[i], decay);
    }
    store_group(buffers.first_moment + first, m);
    store_group(buffers.second_moment + first, v);
    store_group(buffers.parameters + first, parameters);
    if (buffers.compute_copy != nullptr) store_group(buffers.compute_copy + first, parameters);
  }
}

// A block per chunk of a segment.
__global__ void __launch_bounds__(adam_threads) adamw_kernel(AdamBuffers buffers, SegmentTable table) {
  if (skips(buffers)) return;
  const ChunkPlace place = chunk_place(table);
  const SegmentTable::Entry& segment = table.entries[place.segment];
  if (segment.learning_rate_scale == 0) return;
  const AdamStep step(buffers);
  const float rate = step.learning_rate * segment.learning_rate_scale, decay = segment.weight_decay;
  for_each_chunk_group(place, [&](int64_t first, int count) {
    if (count == group)
      update_elements<group>(buffers, step, first, rate, decay);
    else
      update_elements<1>(buffers, step, first, rate, decay);
  });
}

}  // namespace

void adamw(Cuda& device, const AdamW& op) {
  const AdamBuffers buffers = adam_buffers(op);
  for_each_segment_table(op.segments, [&](const SegmentTable& table) {
    if (table.chunks > 0) launch(device, {table.chunks, adam_threads}, adamw_kernel, buffers, table);
  });
}

}  // namespace cloze
