#pragma once

#include <array>
#include <cstdint>

#include "kernels/common/host_device.h"

namespace cloze {

// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): 128 random bits as a
// pure function of a 128-bit counter and a 64-bit key. All randomness of Cloze comes from here; there is no
// mutable generator.
struct PhiloxKey {
  uint32_t low = 0, high = 0;
};
struct PhiloxCounter {
  uint32_t word0 = 0, word1 = 0, word2 = 0, word3 = 0;
};
struct PhiloxBits {
  uint32_t word0, word1, word2, word3;
};

CLOZE_HOST_DEVICE constexpr PhiloxBits philox(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53u} * counter.word0;
    const uint64_t product1 = uint64_t{0xCD9E8D57u} * counter.word2;
    counter = {
        static_cast<uint32_t>(product1 >> 32) ^ counter.word1 ^ key.low, static_cast<uint32_t>(product1),
        static_cast<uint32_t>(product0 >> 32) ^ counter.word3 ^ key.high, static_cast<uint32_t>(product0)};
    key = {key.low + 0x9E3779B9u, key.high + 0xBB67AE85u};
  }
  return {counter.word0, counter.word1, counter.word2, counter.word3};
}

// A value in [0, bound) from 32 random bits, by multiplication (Lemire 2019); bias below bound / 2^32.
CLOZE_HOST_DEVICE constexpr uint32_t scale_to(uint32_t bits, uint32_t bound) {
  return static_cast<uint32_t>((uint64_t{bits} * bound) >> 32);
}

// A value in [0, 1) with 24 bits, from 32 random bits.
CLOZE_HOST_DEVICE constexpr float unit_float(uint32_t bits) {
  return static_cast<float>(bits >> 8) * (1.0f / 16777216.0f);
}

// Splits a seed into independent keys, one per purpose and index (step, epoch): key = Philox(seed; purpose,
// index).
CLOZE_HOST_DEVICE constexpr PhiloxKey derive_key(uint64_t seed, uint32_t purpose, uint64_t index) {
  const PhiloxBits bits =
      philox({purpose, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), 0x636C6F7Au},
             {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return {bits.word0, bits.word1};
}

}  // namespace cloze
