#pragma once

#include <cstdint>

#include "engine/graph/precision.h"
#include "kernels/common/cuda.h"

namespace cloze {

// Floating-point operations per second of the matmul library on this machine now: the best of the products of
// 1024 x 1024 matrices that half a second holds; `precision` as a run on the CPU has it.
double measured_matmul_peak(Precision precision = Precision::full);

// The same of a GPU, for operands as Precision::bf16 stores them or float32: of products of growing square
// matrices, up to 4096 x 4096, the last that takes less than a twentieth of a second.
double measured_matmul_peak(Cuda& gpu, Precision precision);

// Of that peak, what training reaches with all its work counted, where a run is planned: an assumption.
constexpr double assumed_processor_share = 0.8;

// Bytes that the matmul library takes for itself while it multiplies: what the process's peak grows by in a
// wide product. Call it before the process has held more memory than now.
int64_t measured_matmul_scratch(Precision precision = Precision::full);

}  // namespace cloze
