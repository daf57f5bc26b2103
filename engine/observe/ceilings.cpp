#include "engine/observe/ceilings.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "engine/base/clock.h"
#include "engine/runtime/host_memory.h"
#include "engine/train/machine_peak.h"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/cuda_stream.h"
#include "kernels/common/parallel.h"

namespace cloze {

double measured_copy_bandwidth() {
  constexpr int64_t bytes = int64_t{128} << 20, grain = 1 << 16;
  constexpr double longest = 0.5;  // seconds
  const HostMemory source(bytes), target(bytes);
  // Written first: pages that nobody wrote are all the same page of zeros, which lies in a cache.
  parallel_for(0, bytes, grain, [&](int64_t begin, int64_t end) {
    std::memset(source.data() + begin, 1, static_cast<size_t>(end - begin));
    std::memset(target.data() + begin, 2, static_cast<size_t>(end - begin));
  });
  double best = std::numeric_limits<double>::infinity();
  for (const double begun = seconds_now(); seconds_now() - begun < longest;) {
    const double began = seconds_now();
    parallel_for(0, bytes, grain, [&](int64_t begin, int64_t end) {
      std::memcpy(target.data() + begin, source.data() + begin, static_cast<size_t>(end - begin));
    });
    best = std::min(best, seconds_now() - began);
  }
  return 2.0 * static_cast<double>(bytes) / best;
}

namespace {

// The best of a few copies, in seconds.
double gpu_copy_seconds(Cuda& gpu, int64_t bytes) {
  constexpr int trials = 5;
  const std::unique_ptr<void, void (*)(void*)> memory(cuda_allocate(2 * bytes), cuda_free);
  cuda_clear(gpu, memory.get(), 2 * bytes);
  CudaTimedEvent begin, end;
  double best = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < trials; ++trial) {
    begin.record(gpu.stream);
    cuda_copy_within(gpu, static_cast<std::byte*>(memory.get()) + bytes, memory.get(), bytes);
    end.record(gpu.stream);
    end.wait();
    best = std::min(best, end.seconds_since(begin));
  }
  return best;
}

// Of blocks that grow until a copy lasts a millisecond or they are far larger than any cache.
double gpu_copy_bandwidth(Cuda& gpu) {
  constexpr int64_t smallest = int64_t{16} << 20, largest = int64_t{512} << 20;
  constexpr double long_enough = 1e-3;
  for (int64_t bytes = smallest;; bytes *= 2) {
    const double seconds = gpu_copy_seconds(gpu, bytes);
    if (seconds > long_enough || bytes == largest) return 2.0 * static_cast<double>(bytes) / seconds;
  }
}

}  // namespace

Ceilings measured_ceilings(Cuda& gpu, Precision precision) {
  return {.matmul_flops = measured_matmul_peak(gpu, precision), .copy_bytes = gpu_copy_bandwidth(gpu)};
}

Ceilings measured_ceilings(Precision precision) {
  return {.matmul_flops = measured_matmul_peak(precision), .copy_bytes = measured_copy_bandwidth()};
}

Ceilings better_of(const Ceilings& a, const Ceilings& b) {
  return {.matmul_flops = std::max(a.matmul_flops, b.matmul_flops),
          .copy_bytes = std::max(a.copy_bytes, b.copy_bytes)};
}

}  // namespace cloze
