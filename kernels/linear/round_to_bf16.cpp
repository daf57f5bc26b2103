#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear/round_to_bf16.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/simd_loop-inl.h"
#include "kernels/linear/rounded_product.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {

// As to_bfloat16 (kernels/common/bfloat16.h) rounds one.
void round_rows(const float* source, int64_t stride, int64_t rows, int64_t columns, uint16_t* rounded) {
  for (int64_t row = 0; row < rows; ++row, source += stride, rounded += columns) {
    for_each_vector(columns, [&](auto d, int64_t i) HWY_ATTR {
      const hn::RebindToUnsigned<decltype(d)> du;
      const hn::Rebind<uint16_t, decltype(d)> narrow;
      const auto value = hn::LoadU(d, source + i);
      const auto bits = hn::BitCast(du, value);
      const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
      const auto nearest = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF))));
      const auto is_nan = hn::RebindMask(du, hn::IsNaN(value));
      const auto upper = hn::IfThenElse(is_nan, hn::Set(du, 0x7FFF), nearest);
      hn::StoreU(hn::DemoteTo(narrow, hn::BitCast(hn::RebindToSigned<decltype(d)>(), upper)), narrow,
                 rounded + i);
    });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(round_rows);

void round_to_bf16(const float* source, int64_t stride, int64_t rows, int64_t columns, uint16_t* rounded) {
  HWY_DYNAMIC_DISPATCH(round_rows)(source, stride, rows, columns, rounded);
}

}  // namespace cloze
#endif
