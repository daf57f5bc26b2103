#include "kernels/common/launch.h"
#include "kernels/common/warp.cuh"
#include "kernels/optimizer/optimizer.h"

namespace cloze {
namespace {

constexpr int threads = 256;

// Σ gradient² of one chunk.
__global__ void __launch_bounds__(threads)
    chunk_kernel(const float* gradients, int64_t count, double* chunk_sums) {
  __shared__ double scratch[threads / warp_lanes];
  const int64_t begin = int64_t{blockIdx.x} * gradient_norm_chunk;
  const int64_t end = begin + gradient_norm_chunk < count ? begin + gradient_norm_chunk : count;
  const int64_t whole_end = end - (end - begin) % 4;
  double sum = 0;
  const auto add = [&](float value) { sum += static_cast<double>(value) * static_cast<double>(value); };
  for (int64_t i = begin + static_cast<int64_t>(threadIdx.x) * 4; i < whole_end; i += threads * 4) {
    const float4 values = *reinterpret_cast<const float4*>(gradients + i);
    add(values.x);
    add(values.y);
    add(values.z);
    add(values.w);
  }
  const int64_t rest = whole_end + static_cast<int64_t>(threadIdx.x);
  if (rest < end) add(gradients[rest]);
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) chunk_sums[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(threads)
    finish_kernel(const double* chunk_sums, int64_t chunks, float* norm) {
  __shared__ double scratch[threads / warp_lanes];
  double sum = 0;
  for (int64_t chunk = static_cast<int64_t>(threadIdx.x); chunk < chunks; chunk += threads)
    sum += chunk_sums[chunk];
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) *norm = static_cast<float>(sqrt(sum));
}

}  // namespace

void gradient_norm(Cuda& device, const GradientNorm& op) {
  const int64_t count = op.gradients.columns, chunks = gradient_norm_workspace(count);
  double* chunk_sums = op.workspace.as<double>();
  launch(device, {chunks, threads}, chunk_kernel, op.gradients.as<float>(), count, chunk_sums);
  launch(device, {1, threads}, finish_kernel, chunk_sums, chunks, op.norm.as<float>());
}

}  // namespace cloze
