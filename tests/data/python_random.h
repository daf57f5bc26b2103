#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace cloze::testing {

// Python's random.Random(seed): MT19937 seeded by init_by_array({seed}), and the draws
// create_pretraining_data.py makes of it, under the names the rules of pairing.h and masking.h call.
class PythonRandom {
 public:
  explicit PythonRandom(uint32_t seed) {
    // Matsumoto & Nishimura's init_by_array for a key of one word (mt19937ar, 2002).
    constexpr uint32_t words = 624;
    uint32_t* s = state_;
    s[0] = 19650218u;
    for (uint32_t i = 1; i < words; ++i) s[i] = 1812433253u * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
    uint32_t i = 1;
    const auto advance = [&] {
      if (++i < words) return;
      s[0] = s[words - 1];
      i = 1;
    };
    for (uint32_t k = 0; k < words; ++k, advance()) {
      s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525u)) + seed;
    }
    for (uint32_t k = 1; k < words; ++k, advance()) {
      s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941u)) - i;
    }
    s[0] = 0x80000000u;
  }

  double unit() {
    const uint32_t high = word() >> 5, low = word() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }
  bool coin() { return unit() < 0.5; }
  uint32_t below(uint32_t bound) {
    int bits = 0;
    while (bits < 32 && bound >> bits != 0) ++bits;
    uint32_t value = word() >> (32 - bits);
    while (value >= bound) value = word() >> (32 - bits);
    return value;
  }
  template <typename T>
  void shuffle(std::span<T> items, size_t) {
    for (size_t i = items.size(); i-- > 1;) std::swap(items[i], items[below(static_cast<uint32_t>(i + 1))]);
  }

 private:
  uint32_t word() {
    if (used_ == 624) refill();
    uint32_t y = state_[used_++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }
  void refill() {
    for (uint32_t i = 0; i < 624; ++i) {
      const uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % 624] & 0x7fffffffu);
      state_[i] = state_[(i + 397) % 624] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908b0dfu : 0u);
    }
    used_ = 0;
  }

  uint32_t state_[624];
  uint32_t used_ = 624;
};

}  // namespace cloze::testing
