#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>

#include "kernels/common/float8.h"

namespace cloze {

// {low, high} rounded to FP8, low in the low byte, as to_float8 rounds one: compute capability 8.9 and later
// have an instruction for it. Adding the difference of a number and itself makes a NaN of an infinity, which
// the instruction would take for a large number.
template <typename Float8>
__device__ inline uint32_t pack_float8(float low, float high) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
  low += low - low;
  high += high - high;
  uint16_t result;
  if constexpr (std::is_same_v<Float8, Float8E4M3>)
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(result) : "f"(high), "f"(low));
  else
    asm("cvt.rn.satfinite.e5m2x2.f32 %0, %1, %2;" : "=h"(result) : "f"(high), "f"(low));
  return result;
#else
  return to_float8<Float8>(low).bits | uint32_t{to_float8<Float8>(high).bits} << 8;
#endif
}

}  // namespace cloze
