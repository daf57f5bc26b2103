#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activation/activation_cpu.cpp"
#include <algorithm>
#include <numbers>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/activation/activation.h"
#include "kernels/common/column_sum.h"
#include "kernels/common/parallel.h"
#include "kernels/common/simd_loop-inl.h"
#include "kernels/common/simd_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace {

constexpr float sqrt_1_2 = 1 / std::numbers::sqrt2_v<float>;
constexpr float sqrt_2_over_pi = std::numbers::sqrt2_v<float> * std::numbers::inv_sqrtpi_v<float>;
constexpr float gelu_cubic = 0.044715f;

// (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x³): the logistic function of 2u, which keeps its
// relative precision where tanh nears -1.
template <class D, class V>
HWY_INLINE V gelu_gate(D d, V x) {
  const V cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, gelu_cubic), hn::Set(d, 1.0f));
  const V exponent = hn::Mul(hn::Mul(x, hn::Set(d, -2 * sqrt_2_over_pi)), cubic);
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, vector_exp(d, exponent)));
}

// (1 + erf(x / sqrt 2)) / 2: the normal distribution function.
template <class D, class V>
HWY_INLINE V normal_distribution(D d, V x) {
  const V half = hn::Set(d, 0.5f);
  return hn::MulAdd(half, vector_erf(d, hn::Mul(x, hn::Set(d, sqrt_1_2))), half);
}

template <Activation activation, class D, class V>
HWY_INLINE V activate(D d, V x) {
  if constexpr (activation == Activation::relu) return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);
  if constexpr (activation == Activation::tanh) return vector_tanh(d, x);
  if constexpr (activation == Activation::gelu_tanh) return hn::Mul(x, gelu_gate(d, x));
  if constexpr (activation == Activation::gelu_erf) return hn::Mul(x, normal_distribution(d, x));
  return x;
}

template <Activation activation, class D, class V>
HWY_INLINE V slope(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  if constexpr (activation == Activation::relu) return hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), one);
  if constexpr (activation == Activation::tanh) {
    const V y = vector_tanh(d, x);
    return hn::NegMulAdd(y, y, one);
  }
  if constexpr (activation == Activation::gelu_tanh) {
    // gate + x gate', gate' = gate (1 - gate) 2u'
    const V gate = gelu_gate(d, x);
    const V inner = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 6 * sqrt_2_over_pi * gelu_cubic),
                               hn::Set(d, 2 * sqrt_2_over_pi));
    return hn::MulAdd(hn::Mul(x, gate), hn::Mul(hn::Sub(one, gate), inner), gate);
  }
  if constexpr (activation == Activation::gelu_erf) {
    const V density =
        hn::Mul(vector_exp(d, hn::Mul(hn::Mul(x, x), hn::Set(d, -0.5f))), hn::Set(d, 0.5f * sqrt_2_over_pi));
    return hn::MulAdd(x, density, normal_distribution(d, x));
  }
  return one;
}

template <class D>
HWY_INLINE hn::Vec<D> biased(D d, const float* input, const float* bias, int64_t column) {
  const auto x = hn::LoadU(d, input + column);
  return bias != nullptr ? hn::Add(x, hn::LoadU(d, bias + column)) : x;
}

template <Activation activation>
void forward_rows(const ActivationForward& op, int64_t first, int64_t last) {
  const float* bias = op.bias ? op.bias.as<float>() : nullptr;
  for (int64_t row = first; row < last; ++row) {
    const float* input = op.input.row<float>(row);
    float* output = op.output.row<float>(row);
    for_each_vector(op.input.columns, [&](auto d, int64_t column) HWY_ATTR {
      hn::StoreU(activate<activation>(d, biased(d, input, bias, column)), d, output + column);
    });
  }
}

// Adds the columns of input_gradient to sums[columns], unless that is null.
template <Activation activation>
void backward_rows(const ActivationBackward& op, int64_t first, int64_t last, float* sums) {
  const float* bias = op.bias ? op.bias.as<float>() : nullptr;
  for (int64_t row = first; row < last; ++row) {
    const float* input = op.input.row<float>(row);
    const float* output_gradient = op.output_gradient.row<float>(row);
    float* input_gradient = op.input_gradient.row<float>(row);
    for_each_vector(op.input.columns, [&](auto d, int64_t column) HWY_ATTR {
      const auto gradient = hn::Mul(hn::LoadU(d, output_gradient + column),
                                    slope<activation>(d, biased(d, input, bias, column)));
      hn::StoreU(gradient, d, input_gradient + column);
      if (sums != nullptr) hn::StoreU(hn::Add(gradient, hn::LoadU(d, sums + column)), d, sums + column);
    });
  }
}

// visit.operator()<activation>() for the activation named at run time.
template <class Visit>
void with_activation(Activation activation, const Visit& visit) {
  switch (activation) {
    case Activation::identity:
      return visit.template operator()<Activation::identity>();
    case Activation::relu:
      return visit.template operator()<Activation::relu>();
    case Activation::tanh:
      return visit.template operator()<Activation::tanh>();
    case Activation::gelu_tanh:
      return visit.template operator()<Activation::gelu_tanh>();
    case Activation::gelu_erf:
      return visit.template operator()<Activation::gelu_erf>();
  }
}

}  // namespace

void activation_forward_rows(const ActivationForward& op) {
  const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(op.input.columns, 1));
  with_activation(op.activation, [&]<Activation activation>() HWY_ATTR {
    parallel_for(0, op.input.live_rows(), grain,
                 [&](int64_t first, int64_t last) HWY_ATTR { forward_rows<activation>(op, first, last); });
  });
}

void activation_backward_chunks(const ActivationBackward& op) {
  const int64_t rows = op.output_gradient.live_rows(), columns = op.input.columns;
  with_activation(op.activation, [&]<Activation activation>() HWY_ATTR {
    parallel_for(0, column_sum_chunks(rows), 1, [&](int64_t first, int64_t last) HWY_ATTR {
      for (int64_t chunk = first; chunk < last; ++chunk) {
        float* sums = op.bias_gradient ? op.workspace.as<float>() + chunk * columns : nullptr;
        if (sums != nullptr) std::fill_n(sums, columns, 0.0f);
        const int64_t begin = chunk * column_sum_chunk_rows;
        backward_rows<activation>(op, begin, std::min(rows, begin + column_sum_chunk_rows), sums);
      }
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(activation_forward_rows);
HWY_EXPORT(activation_backward_chunks);

void activation_forward(Cpu&, const ActivationForward& op) {
  HWY_DYNAMIC_DISPATCH(activation_forward_rows)(op);
}

void activation_backward(Cpu&, const ActivationBackward& op) {
  HWY_DYNAMIC_DISPATCH(activation_backward_chunks)(op);
  if (!op.bias_gradient) return;
  const int64_t columns = op.input.columns;
  finish_column_sums(op.workspace.as<float>(), column_sum_chunks(op.output_gradient.live_rows()), columns,
                     columns, op.mode, op.bias_gradient.as<float>());
}

}  // namespace cloze
#endif
