#pragma once

#include "engine/graph/precision.h"
#include "kernels/common/cuda.h"

namespace cloze {

// What the machine can do now, at most: speeds are judged as shares of it.
struct Ceilings {
  double matmul_flops = 0;  // FLOP/s of the matmul library (machine_peak.h)
  double copy_bytes = 0;    // B/s of copying memory, bytes read and bytes written both counted
};

// About a second and a half, with thread_count() threads; `precision` is that of the products.
Ceilings measured_ceilings(Precision precision = Precision::full);

// The same of a GPU; `precision` as its runs have it. Takes up to 1 GiB of its memory meanwhile.
Ceilings measured_ceilings(Cuda& gpu, Precision precision);

// Of two measurements the better: other programs may have disturbed either.
Ceilings better_of(const Ceilings& a, const Ceilings& b);

// The best of the copies from one block of 128 MiB to another that half a second holds, every thread copying
// a part by memcpy. Blocks are far larger than caches, so what works within a cache may be faster.
double measured_copy_bandwidth();

}  // namespace cloze
