// Loops over rows of float32 for files compiled per SIMD target: include after hwy/highway.h, outside any
// namespace.
#if defined(CLOZE_SIMD_LOOP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLOZE_SIMD_LOOP_INL_H_
#undef CLOZE_SIMD_LOOP_INL_H_
#else
#define CLOZE_SIMD_LOOP_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// body(d, i) for i over [0, count): with whole vectors first, then, with the tag of a one-lane vector, for
// what is left. The body is a generic lambda, `[&](auto d, int64_t i) HWY_ATTR { … }`.
template <class Body>
HWY_INLINE void for_each_vector(int64_t count, const Body& body) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(d, i);
  const hn::CappedTag<float, 1> single;
  for (; i < count; ++i) body(single, i);
}

// Two sums over [0, count) at once: body(d, i, a, b) adds its vectors to the accumulators a and b.
struct TwoSums {
  float first, second;
};
template <class Body>
HWY_INLINE TwoSums sum_vectors(int64_t count, const Body& body) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  // Two accumulators each, against the latency of additions.
  auto a0 = hn::Zero(d), a1 = hn::Zero(d), b0 = hn::Zero(d), b1 = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    body(d, i, a0, b0);
    body(d, i + lanes, a1, b1);
  }
  const hn::CappedTag<float, 1> single;
  auto a = hn::Zero(single), b = hn::Zero(single);
  for (; i < count; ++i) body(single, i, a, b);
  return {hn::GetLane(hn::SumOfLanes(d, hn::Add(a0, a1))) + hn::GetLane(a),
          hn::GetLane(hn::SumOfLanes(d, hn::Add(b0, b1))) + hn::GetLane(b)};
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#endif
