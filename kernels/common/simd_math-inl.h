// Elementary functions on float32 vectors for files compiled per SIMD target: include after hwy/highway.h,
// outside any namespace. Errors are the largest seen over all floats (tests/kernels/simd_math_test.cpp). NaN
// stays NaN. Coefficients: near-minimax fits by tests/golden/kernels/simd_math_coefficients.py.
#if defined(CLOZE_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLOZE_SIMD_MATH_INL_H_
#undef CLOZE_SIMD_MATH_INL_H_
#else
#define CLOZE_SIMD_MATH_INL_H_
#endif

#include <cstdint>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// c0 + x (c1 + x (c2 + …)), by Horner's rule.
template <class D, class V>
HWY_INLINE V vector_polynomial(D d, V, float last) {
  return hn::Set(d, last);
}
template <class D, class V, class... Rest>
HWY_INLINE V vector_polynomial(D d, V x, float first, Rest... rest) {
  return hn::MulAdd(vector_polynomial(d, x, rest...), x, hn::Set(d, first));
}

// e^x within 1 ulp; 0 below -86.98 (where e^x nears the subnormals), infinity above 88.72.
template <class D, class V>
HWY_INLINE V vector_exp(D d, V x) {
  const hn::RebindToSigned<D> di;
  // x = n ln 2 + r, |r| <= ln 2 / 2; ln 2 in two parts, of which the first times n is exact.
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x));
  const V tail =
      vector_polynomial(d, r, 0.49999994f, 0.166665196f, 0.0416683927f, 0.00836878084f, 0.00138144672f);
  const V mantissa = hn::Add(hn::Set(d, 1.0f), hn::MulAdd(hn::Mul(r, r), tail, r));
  // 2 m · 2^(n-1): n reaches 128.
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 126)));
  const V value = hn::Mul(hn::Add(mantissa, mantissa), hn::BitCast(d, exponent));
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const V below_infinity = hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.7228394f)), infinity, value);
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -86.98f)), below_infinity);
}

// ln x within 1.2 ulp, for normal x > 0; 0 gives -infinity, infinity itself, x < 0 NaN; subnormals count as
// 0.
template <class D, class V>
HWY_INLINE V vector_log(D d, V x) {
  const hn::RebindToSigned<D> di;
  // x = 2^e m, m in [sqrt(1/2), sqrt(2)): subtracting the bits of sqrt(1/2) makes the exponent field e.
  const auto bits = hn::BitCast(di, x);
  const auto root = hn::Set(di, 0x3F3504F3);
  const auto e = hn::ShiftRight<23>(hn::Sub(bits, root));
  const V f = hn::Sub(hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(e))), hn::Set(d, 1.0f));
  const V exponent = hn::ConvertTo(d, e);
  const V tail = vector_polynomial(d, f, 0.333333135f, -0.250000089f, 0.200021192f, -0.166679963f,
                                   0.142195523f, -0.124055892f, 0.118881628f, -0.116756514f, 0.0674663857f);
  // ln x = e ln 2 + f - f²/2 + f³ P(f), small terms first.
  const V square = hn::Mul(f, f);
  const V small = hn::MulAdd(exponent, hn::Set(d, -2.12194440e-4f), hn::Mul(hn::Mul(square, f), tail));
  const V value = hn::MulAdd(exponent, hn::Set(d, 0.693359375f),
                             hn::Add(hn::NegMulAdd(hn::Set(d, 0.5f), square, f), small));
  const V zero = hn::Zero(d);
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const V nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  const V top = hn::IfThenElse(hn::Lt(x, infinity), value, x);  // infinity and NaN as they are
  const V positive = hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 1.17549435e-38f)), hn::Neg(infinity), top);
  return hn::IfThenElse(hn::Lt(x, zero), nan, positive);
}

// tanh x within 1.4 ulp.
template <class D, class V>
HWY_INLINE V vector_tanh(D d, V x) {
  const V magnitude = hn::Abs(x);
  const V square = hn::Mul(x, x);
  const V tail = vector_polynomial(d, square, -0.333332807f, 0.133314416f, -0.0537397154f, 0.020639088f,
                                   -0.00570498733f);
  const V small = hn::MulAdd(hn::Mul(square, x), tail, x);
  // 1 - 2 / (e^2|x| + 1); an infinite exponential gives 1.
  const V one = hn::Set(d, 1.0f);
  const V exponential = vector_exp(d, hn::Add(magnitude, magnitude));
  const V large = hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(exponential, one)));
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), small, hn::CopySignToAbs(large, x));
}

// erf x within 1.3 ulp.
template <class D, class V>
HWY_INLINE V vector_erf(D d, V x) {
  const V magnitude = hn::Abs(x);
  const V square = hn::Mul(x, x);
  const V small = hn::MulAdd(x,
                             vector_polynomial(d, square, 0.128379151f, -0.376124948f, 0.112818167f,
                                               -0.0267666224f, 0.00499318726f, -0.000599088438f),
                             x);
  // 1 - e^-Q(|x|), Q = -ln erfc; beyond 4 erf rounds to 1. NaN comes through the comparison.
  const V four = hn::Set(d, 4.0f);
  const V bounded = hn::IfThenElse(hn::Gt(magnitude, four), four, magnitude);
  const V q = vector_polynomial(d, bounded, -0.000174683286f, 1.12951493f, 0.633346915f, 0.108280078f,
                                -0.0251194183f, 0.004171059f, -0.000434461748f, 2.10949711e-05f);
  const V large = hn::Sub(hn::Set(d, 1.0f), vector_exp(d, hn::Neg(q)));
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.921875f)), small, hn::CopySignToAbs(large, x));
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#endif
