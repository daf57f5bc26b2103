#include "engine/observe/ceilings.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/base/clock.h"
#include "engine/runtime/host_memory.h"
#include "engine/train/machine_peak.h"
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

Ceilings measured_ceilings(Precision precision) {
  return {.matmul_flops = measured_matmul_peak(precision), .copy_bytes = measured_copy_bandwidth()};
}

Ceilings better_of(const Ceilings& a, const Ceilings& b) {
  return {.matmul_flops = std::max(a.matmul_flops, b.matmul_flops),
          .copy_bytes = std::max(a.copy_bytes, b.copy_bytes)};
}

}  // namespace cloze
