// SIMD dropout masks for files compiled per SIMD target: include after hwy/highway.h, outside any namespace.
// The decisions are those of kernels/common/dropout.h, bit for bit.
#if defined(CLOZE_DROPOUT_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLOZE_DROPOUT_SIMD_INL_H_
#undef CLOZE_DROPOUT_SIMD_INL_H_
#else
#define CLOZE_DROPOUT_SIMD_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"
#include "kernels/common/dropout.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The most columns of one group, 4 * Lanes(d).
constexpr int64_t dropout_group_max = 4 * HWY_MAX_BYTES / sizeof(float);

// One row's mask: everything but the column.
struct DropoutRow {
  PhiloxKey key;
  uint32_t site, sequence, row;
  uint32_t threshold;
  float scale;
};

// For tensor row `row` of an active dropout.
HWY_INLINE DropoutRow dropout_row(const Dropout& dropout, int64_t row) {
  const int32_t* id = dropout.row_ids.row<int32_t>(row);
  return {dropout_key(dropout),         dropout.site,        static_cast<uint32_t>(id[0]),
          static_cast<uint32_t>(id[1]), dropout.threshold(), dropout.scale()};
}

// The multipliers (0 or scale) of the 4 * Lanes(d) columns from `column` on, a multiple of 8, in four
// vectors.
//
// Each 64-bit lane holds one word of one counter in its low half: the widening product needs only that half,
// and what the upper half collects is never read. Lanes are ordered so that interleaving puts the counters in
// column order.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void dropout_multipliers(D d, const DropoutRow& row, uint32_t column, V& m0, V& m1, V& m2, V& m3) {
  const hn::Repartition<uint64_t, D> d64;
  const hn::Repartition<uint32_t, D> d32;
  const hn::Repartition<uint16_t, D> d16;
  const hn::Repartition<int16_t, D> di16;
  const hn::RebindToSigned<decltype(d32)> di32;
  const hn::Half<decltype(di16)> di16_half;
  using V64 = hn::Vec<decltype(d64)>;

  // Lane 2j: counter j; lane 2j + 1: counter half + j.
  const V64 lane = hn::Iota(d64, 0);
  const V64 pair = hn::ShiftRight<1>(lane);
  const V64 half = hn::Set(d64, hn::Lanes(d64) / 2);
  const V64 odd = hn::And(lane, hn::Set(d64, 1));
  const V64 offset = hn::IfThenElse(hn::Eq(odd, hn::Set(d64, 1)), hn::Add(pair, half), pair);
  const auto multiply = [&](V64 word, uint32_t factor) HWY_ATTR {
    return hn::MulEven(hn::BitCast(d32, word), hn::BitCast(d32, hn::Set(d64, factor)));
  };

  V64 word0 = hn::Add(offset, hn::Set(d64, column / 8));
  V64 word1 = hn::Set(d64, row.row);
  V64 word2 = hn::Set(d64, row.sequence);
  V64 word3 = hn::Set(d64, row.site);
  uint32_t low = row.key.low, high = row.key.high;
  HWY_UNROLL(10)
  for (int round = 0; round < 10; ++round) {
    const V64 product0 = multiply(word0, 0xD2511F53u);
    const V64 product1 = multiply(word2, 0xCD9E8D57u);
    word0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product1), word1), hn::Set(d64, low));
    word1 = product1;
    word2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(product0), word3), hn::Set(d64, high));
    word3 = product0;
    low += 0x9E3779B9u;
    high += 0xBB67AE85u;
  }

  // {word0, word1} and {word2, word3} of each counter as 64-bit lanes, then 128 bits per counter in column
  // order.
  const V64 low_half = hn::Set(d64, 0xFFFFFFFFu);
  const V64 words01 = hn::Or(hn::And(word0, low_half), hn::ShiftLeft<32>(word1));
  const V64 words23 = hn::Or(hn::And(word2, low_half), hn::ShiftLeft<32>(word3));
  const auto first = hn::BitCast(d16, hn::InterleaveLower(d64, words01, words23));
  const auto second = hn::BitCast(d16, hn::InterleaveUpper(d64, words01, words23));

  const auto threshold = hn::Set(d16, static_cast<uint16_t>(row.threshold));
  const auto scale = hn::Set(d, row.scale);
  const auto multipliers = [&](auto kept16, V& lower, V& upper) HWY_ATTR {
    const auto kept = hn::BitCast(di16, kept16);
    lower = hn::And(hn::BitCast(d, hn::PromoteTo(di32, hn::LowerHalf(di16_half, kept))), scale);
    upper = hn::And(hn::BitCast(d, hn::PromoteTo(di32, hn::UpperHalf(di16_half, kept))), scale);
  };
  multipliers(hn::VecFromMask(d16, hn::Eq(hn::Max(first, threshold), first)), m0, m1);
  multipliers(hn::VecFromMask(d16, hn::Eq(hn::Max(second, threshold), second)), m2, m3);
}

// The multipliers of `columns` columns from `column` on, a multiple of 8, written to memory. Writes whole
// groups: `multipliers` has room for `columns` rounded up to a multiple of 4 * Lanes(d).
template <class D>
HWY_INLINE void dropout_fill(D d, const DropoutRow& row, uint32_t column, int64_t columns,
                             float* HWY_RESTRICT multipliers) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < columns; i += 4 * lanes) {
    hn::Vec<D> m0, m1, m2, m3;
    dropout_multipliers(d, row, column + static_cast<uint32_t>(i), m0, m1, m2, m3);
    hn::StoreU(m0, d, multipliers + i);
    hn::StoreU(m1, d, multipliers + i + lanes);
    hn::StoreU(m2, d, multipliers + i + 2 * lanes);
    hn::StoreU(m3, d, multipliers + i + 3 * lanes);
  }
}

// output[column] = input[column] * the multiplier, for all columns of a row; output may be input.
HWY_INLINE void dropout_multiply(const DropoutRow& row, const float* input, int64_t columns, float* output) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + 4 * lanes <= columns; i += 4 * lanes) {
    hn::Vec<decltype(d)> m0, m1, m2, m3;
    dropout_multipliers(d, row, static_cast<uint32_t>(i), m0, m1, m2, m3);
    hn::StoreU(hn::Mul(hn::LoadU(d, input + i), m0), d, output + i);
    hn::StoreU(hn::Mul(hn::LoadU(d, input + i + lanes), m1), d, output + i + lanes);
    hn::StoreU(hn::Mul(hn::LoadU(d, input + i + 2 * lanes), m2), d, output + i + 2 * lanes);
    hn::StoreU(hn::Mul(hn::LoadU(d, input + i + 3 * lanes), m3), d, output + i + 3 * lanes);
  }
  if (i == columns) return;
  HWY_ALIGN float tail[dropout_group_max];
  dropout_fill(d, row, static_cast<uint32_t>(i), columns - i, tail);
  for (int64_t j = i; j < columns; ++j) output[j] = input[j] * tail[j - i];
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#endif
