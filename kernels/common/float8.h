#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/common/host_device.h"

// The two formats of 8 bits that matrix products read (Micikevicius et al. 2022, "FP8 formats for deep
// learning", table 1). Arithmetic is done in float.
namespace cloze {

struct Float8E4M3 {  // 4 bits of exponent, 3 of mantissa; no infinity
  uint8_t bits;
};
struct Float8E5M2 {  // 5 bits of exponent, 2 of mantissa
  uint8_t bits;
};

template <typename Float8>
struct Float8Format;
template <>
struct Float8Format<Float8E4M3> {
  static constexpr int mantissa_bits = 3, bias = 7;
  static constexpr uint8_t largest_bits = 0x7E;
  static constexpr float largest = 448;
};
template <>
struct Float8Format<Float8E5M2> {
  static constexpr int mantissa_bits = 2, bias = 15;
  static constexpr uint8_t largest_bits = 0x7B;
  static constexpr float largest = 57344;
};

namespace float8 {
CLOZE_HOST_DEVICE inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
CLOZE_HOST_DEVICE inline float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
constexpr int float_mantissa = 23, float_bias = 127;
}  // namespace float8

// Rounds to nearest, ties to even; what is too large becomes the largest number, what is not finite a NaN.
template <typename Float8>
CLOZE_HOST_DEVICE inline Float8 to_float8(float value) {
  using Format = Float8Format<Float8>;
  using float8::float_bias;
  using float8::float_mantissa;
  constexpr int dropped = float_mantissa - Format::mantissa_bits;
  constexpr uint32_t smallest_normal = static_cast<uint32_t>(float_bias + 1 - Format::bias) << float_mantissa;
  // A float whose last place is the step between numbers below the smallest normal one.
  constexpr uint32_t coarse = smallest_normal + (static_cast<uint32_t>(dropped) << float_mantissa);
  uint32_t bits = float8::bits_of(value);
  const uint32_t sign = (bits >> 24) & 0x80u;
  bits &= 0x7FFFFFFFu;
  uint32_t rounded;
  if (bits >= 0x7F800000u)
    rounded = 0x7F;
  else if (float8::float_of(bits) >= Format::largest)
    rounded = Format::largest_bits;
  else if (bits < smallest_normal)
    rounded = float8::bits_of(float8::float_of(bits) + float8::float_of(coarse)) - coarse;
  else
    rounded = ((bits + (1u << (dropped - 1)) - 1 + ((bits >> dropped) & 1u)) >> dropped) -
              (static_cast<uint32_t>(float_bias - Format::bias) << Format::mantissa_bits);
  return {static_cast<uint8_t>(sign | rounded)};
}

namespace float8 {
template <typename Float8>
CLOZE_HOST_DEVICE inline float widen(Float8 value) {
  using Format = Float8Format<Float8>;
  const uint32_t sign = (value.bits & 0x80u) << 24, magnitude = value.bits & 0x7Fu;
  constexpr uint32_t shift = float_mantissa - Format::mantissa_bits;
  constexpr float smallest_step = 1.0f / static_cast<float>(1u << (Format::bias + Format::mantissa_bits - 1));
  if (magnitude > Format::largest_bits)  // a NaN; 0x7C is the infinity of e5m2
    return float_of(sign | (magnitude == 0x7Cu ? 0x7F800000u : 0x7FC00000u));
  if (magnitude >> Format::mantissa_bits == 0)
    return float_of(sign | bits_of(static_cast<float>(magnitude) * smallest_step));
  return float_of(
      sign | ((magnitude << shift) + (static_cast<uint32_t>(float_bias - Format::bias) << float_mantissa)));
}
}  // namespace float8

CLOZE_HOST_DEVICE inline float to_float(Float8E4M3 value) {
  return float8::widen(value);
}
CLOZE_HOST_DEVICE inline float to_float(Float8E5M2 value) {
  return float8::widen(value);
}

}  // namespace cloze
