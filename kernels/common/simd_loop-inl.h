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

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#endif
