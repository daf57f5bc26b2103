#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/common/host_device.h"

namespace cloze {

// A bfloat16 as stored: the upper half of a float. Arithmetic is done in float.
struct BFloat16 {
  uint16_t bits;
};

CLOZE_HOST_DEVICE inline float to_float(BFloat16 value) {
  const uint32_t bits = uint32_t{value.bits} << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

// Rounds to nearest, ties to even; a NaN stays one.
CLOZE_HOST_DEVICE inline BFloat16 to_bfloat16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return {0x7FFF};
  return {static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16)};
}

}  // namespace cloze
