#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/common/bfloat16.h"
#include "kernels/common/tensor.h"

// Memory is read and written eight elements at a time: 16 bytes of bf16, twice 16 bytes of f32. Eight columns
// are also what one Philox call decides (kernels/common/dropout.h).
namespace cloze {

constexpr int group = 8;  // elements

// {low, high} rounded to bf16, low in the low half.
__device__ inline uint32_t pack_bfloat16(float low, float high) {
#if defined(__CUDA_ARCH__)
  uint32_t result;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
  return result;
#else
  return to_bfloat16(low).bits | uint32_t{to_bfloat16(high).bits} << 16;
#endif
}
__device__ inline float unpack_low(uint32_t pair) {
  return to_float(BFloat16{static_cast<uint16_t>(pair & 0xFFFFu)});
}
__device__ inline float unpack_high(uint32_t pair) {
  return to_float(BFloat16{static_cast<uint16_t>(pair >> 16)});
}

__device__ inline void unpack_group(uint4 raw, float (&values)[group]) {
  values[0] = unpack_low(raw.x);
  values[1] = unpack_high(raw.x);
  values[2] = unpack_low(raw.y);
  values[3] = unpack_high(raw.y);
  values[4] = unpack_low(raw.z);
  values[5] = unpack_high(raw.z);
  values[6] = unpack_low(raw.w);
  values[7] = unpack_high(raw.w);
}
__device__ inline uint4 pack_group(const float (&values)[group]) {
  uint4 raw;
  raw.x = pack_bfloat16(values[0], values[1]);
  raw.y = pack_bfloat16(values[2], values[3]);
  raw.z = pack_bfloat16(values[4], values[5]);
  raw.w = pack_bfloat16(values[6], values[7]);
  return raw;
}

__device__ inline void load_group(const BFloat16* source, float (&values)[group]) {
  unpack_group(*reinterpret_cast<const uint4*>(source), values);
}
__device__ inline void load_group(const float* source, float (&values)[group]) {
  const float4 low = *reinterpret_cast<const float4*>(source);
  const float4 high = *reinterpret_cast<const float4*>(source + 4);
  values[0] = low.x;
  values[1] = low.y;
  values[2] = low.z;
  values[3] = low.w;
  values[4] = high.x;
  values[5] = high.y;
  values[6] = high.z;
  values[7] = high.w;
}
__device__ inline void store_group(BFloat16* target, const float (&values)[group]) {
  *reinterpret_cast<uint4*>(target) = pack_group(values);
}
__device__ inline void store_group(float* target, const float (&values)[group]) {
  float4 low, high;
  low.x = values[0];
  low.y = values[1];
  low.z = values[2];
  low.w = values[3];
  high.x = values[4];
  high.y = values[5];
  high.z = values[6];
  high.w = values[7];
  *reinterpret_cast<float4*>(target) = low;
  *reinterpret_cast<float4*>(target + 4) = high;
}

__device__ inline float load_one(const float* source) {
  return *source;
}
__device__ inline float load_one(const BFloat16* source) {
  return to_float(*source);
}
__device__ inline void store_one(float* target, float value) {
  *target = value;
}
__device__ inline void store_one(BFloat16* target, float value) {
  *target = to_bfloat16(value);
}

// Up to eight elements of a row; those past `count` are 0. `whole`: rows hold whole, aligned groups.
template <typename T>
__device__ void load_columns(const T* source, int count, bool whole, float (&values)[group]) {
  if (whole) {
    load_group(source, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < group; ++i) values[i] = i < count ? load_one(source + i) : 0.0f;
}
template <typename T>
__device__ void store_columns(T* target, int count, bool whole, const float (&values)[group]) {
  if (whole) {
    store_group(target, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < group; ++i)
    if (i < count) store_one(target + i, values[i]);
}

// The same of a vector of parameters (a bias, gamma …), kept in f32 or bf16 whatever the activations are.
__device__ inline void load_parameters(const Tensor& vector, int column, int count, bool whole,
                                       float (&values)[group]) {
  if (vector.dtype == DType::f32)
    load_columns(static_cast<const float*>(vector.data) + column, count, whole, values);
  else
    load_columns(static_cast<const BFloat16*>(vector.data) + column, count, whole, values);
}

}  // namespace cloze
