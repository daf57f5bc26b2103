#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer/optimizer_cpu.cpp"
#include <algorithm>
#include <cmath>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/parallel.h"
#include "kernels/common/simd_loop-inl.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/optimizer/segment_chunks.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {

// Σ values² in double: no overflow, and an error far below float's.
HWY_INLINE double square_sum(const float* values, int64_t count) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> d_float;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
  const auto add = [&](auto& sum, int64_t i) HWY_ATTR {
    const auto value = hn::PromoteTo(d, hn::LoadU(d_float, values + i));
    sum = hn::MulAdd(value, value, sum);
  };
  int64_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    add(s0, i);
    add(s1, i + lanes);
    add(s2, i + 2 * lanes);
    add(s3, i + 3 * lanes);
  }
  double tail = 0;
  for (; i < count; ++i) tail += double{values[i]} * values[i];
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)))) + tail;
}

void square_sums(const float* values, int64_t count, double* chunk_sums) {
  parallel_for(0, gradient_norm_workspace(count), 1, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      const int64_t begin = chunk * gradient_norm_chunk;
      chunk_sums[chunk] = square_sum(values + begin, std::min(count - begin, gradient_norm_chunk));
    }
  });
}

// The numbers of one step, and the arithmetic on one vector of elements.
struct AdamStep {
  float clip, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon;
  float learning_rate, first_correction, second_correction;

  template <class Op>
  explicit AdamStep(const Op& op)
      : beta1(static_cast<float>(op.beta1)),
        one_minus_beta1(static_cast<float>(1 - op.beta1)),
        beta2(static_cast<float>(op.beta2)),
        one_minus_beta2(static_cast<float>(1 - op.beta2)),
        epsilon(static_cast<float>(op.epsilon)) {
    const float* scalars = op.scalars.template as<float>();
    learning_rate = scalars[OptimizerScalars::learning_rate];
    first_correction = scalars[OptimizerScalars::first_moment_correction];
    second_correction = scalars[OptimizerScalars::second_moment_correction];
    const float max_norm = op.clipping.max_norm;
    clip = max_norm > 0 ? max_norm / std::max(*op.clipping.norm.template as<float>(), max_norm) : 1.0f;
  }

  // The moments take the gradient in.
  template <class D, class V>
  HWY_INLINE void update_moments(D d, V gradient, V& first, V& second) const {
    const V clipped = hn::Mul(gradient, hn::Set(d, clip));
    first = hn::MulAdd(hn::Set(d, beta1), first, hn::Mul(hn::Set(d, one_minus_beta1), clipped));
    second = hn::MulAdd(hn::Set(d, beta2), second,
                        hn::Mul(hn::Set(d, one_minus_beta2), hn::Mul(clipped, clipped)));
  }
  // m̂ / (sqrt(v̂) + epsilon) + decay * parameter
  template <class D, class V>
  HWY_INLINE V update(D d, V first, V second, V parameter, float decay) const {
    const V root = hn::Sqrt(hn::Mul(second, hn::Set(d, second_correction)));
    const V direction =
        hn::Div(hn::Mul(first, hn::Set(d, first_correction)), hn::Add(root, hn::Set(d, epsilon)));
    return hn::MulAdd(hn::Set(d, decay), parameter, direction);
  }
};

void adamw_step(const AdamW& op) {
  const AdamStep step(op);
  parallel_for(0, count_chunks(op.segments), 1, [&](int64_t first_chunk, int64_t last_chunk) HWY_ATTR {
    const auto on_chunk = [&](size_t index, int64_t, int64_t begin, int64_t end) HWY_ATTR {
      const ParameterSegment& segment = op.segments[index];
      if (segment.learning_rate_scale == 0) return;
      const float learning_rate = step.learning_rate * segment.learning_rate_scale;
      const float* gradients = op.gradients.as<float>() + begin;
      float* parameters = op.parameters.as<float>() + begin;
      float* first_moment = op.first_moment.as<float>() + begin;
      float* second_moment = op.second_moment.as<float>() + begin;
      for_each_vector(end - begin, [&](auto d, int64_t i) HWY_ATTR {
        auto first = hn::LoadU(d, first_moment + i), second = hn::LoadU(d, second_moment + i);
        step.update_moments(d, hn::LoadU(d, gradients + i), first, second);
        hn::StoreU(first, d, first_moment + i);
        hn::StoreU(second, d, second_moment + i);
        const auto parameter = hn::LoadU(d, parameters + i);
        const auto update = step.update(d, first, second, parameter, segment.weight_decay);
        hn::StoreU(hn::NegMulAdd(hn::Set(d, learning_rate), update, parameter), d, parameters + i);
      });
    };
    for_each_chunk(op.segments, first_chunk, last_chunk, on_chunk);
  });
}

// First pass of LAMB over memory: moments, and per chunk {Σ parameter², Σ update²} in chunk_sums[chunks, 2].
void lamb_moments_pass(const Lamb& op, double* chunk_sums) {
  const AdamStep step(op);
  parallel_for(0, count_chunks(op.segments), 1, [&](int64_t first_chunk, int64_t last_chunk) HWY_ATTR {
    const auto on_chunk = [&](size_t index, int64_t chunk, int64_t begin, int64_t end) HWY_ATTR {
      const ParameterSegment& segment = op.segments[index];
      if (segment.learning_rate_scale == 0) return;
      constexpr int64_t block = 512;  // updates kept in the first cache between computing and squaring them
      HWY_ALIGN float updates[block];
      double parameter_squares = 0, update_squares = 0;
      for (int64_t at = begin; at < end; at += block) {
        const int64_t count = std::min(block, end - at);
        const float* gradients = op.gradients.as<float>() + at;
        const float* parameters = op.parameters.as<float>() + at;
        float* first_moment = op.first_moment.as<float>() + at;
        float* second_moment = op.second_moment.as<float>() + at;
        for_each_vector(count, [&](auto d, int64_t i) HWY_ATTR {
          auto first = hn::LoadU(d, first_moment + i), second = hn::LoadU(d, second_moment + i);
          step.update_moments(d, hn::LoadU(d, gradients + i), first, second);
          hn::StoreU(first, d, first_moment + i);
          hn::StoreU(second, d, second_moment + i);
          hn::StoreU(step.update(d, first, second, hn::LoadU(d, parameters + i), segment.weight_decay), d,
                     updates + i);
        });
        parameter_squares += square_sum(parameters, count);
        update_squares += square_sum(updates, count);
      }
      chunk_sums[2 * chunk] = parameter_squares;
      chunk_sums[2 * chunk + 1] = update_squares;
    };
    for_each_chunk(op.segments, first_chunk, last_chunk, on_chunk);
  });
}

// Second pass: parameters, with the trust ratio of their segment.
void lamb_parameters_pass(const Lamb& op) {
  const AdamStep step(op);
  parallel_for(0, count_chunks(op.segments), 1, [&](int64_t first_chunk, int64_t last_chunk) HWY_ATTR {
    const auto on_chunk = [&](size_t index, int64_t, int64_t begin, int64_t end) HWY_ATTR {
      const ParameterSegment& segment = op.segments[index];
      if (segment.learning_rate_scale == 0) return;
      const float rate = step.learning_rate * segment.learning_rate_scale *
                         static_cast<float>(trust_ratio(op.square_sums, static_cast<int64_t>(index)));
      float* parameters = op.parameters.as<float>() + begin;
      const float* first_moment = op.first_moment.as<float>() + begin;
      const float* second_moment = op.second_moment.as<float>() + begin;
      for_each_vector(end - begin, [&](auto d, int64_t i) HWY_ATTR {
        const auto parameter = hn::LoadU(d, parameters + i);
        const auto update = step.update(d, hn::LoadU(d, first_moment + i), hn::LoadU(d, second_moment + i),
                                        parameter, segment.weight_decay);
        hn::StoreU(hn::NegMulAdd(hn::Set(d, rate), update, parameter), d, parameters + i);
      });
    };
    for_each_chunk(op.segments, first_chunk, last_chunk, on_chunk);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(square_sums);
HWY_EXPORT(adamw_step);
HWY_EXPORT(lamb_moments_pass);
HWY_EXPORT(lamb_parameters_pass);

namespace {

// Whether the step is to be taken, told to the caller.
bool accept(const Clipping& clipping) {
  const bool finite = std::isfinite(*clipping.norm.as<float>());
  *clipping.skipped.as<int32_t>() = finite ? 0 : 1;
  return finite;
}

// square_sums from chunk_sums[chunks, 2], added in the order of the chunks.
void add_up_chunks(std::span<const ParameterSegment> segments, const double* chunk_sums,
                   double* square_sums) {
  int64_t chunk = 0;
  for (size_t index = 0; index < segments.size(); ++index) {
    const int64_t end = chunk + segment_chunks(segments[index]);
    double parameter_squares = 0, update_squares = 0;
    for (; chunk < end; ++chunk) {
      if (!adapts(segments[index])) continue;
      parameter_squares += chunk_sums[2 * chunk];
      update_squares += chunk_sums[2 * chunk + 1];
    }
    square_sums[2 * index] = parameter_squares;
    square_sums[2 * index + 1] = update_squares;
  }
}

}  // namespace

void gradient_norm(Cpu&, const GradientNorm& op) {
  double* chunk_sums = op.workspace.as<double>();
  HWY_DYNAMIC_DISPATCH(square_sums)(op.gradients.as<float>(), op.gradients.columns, chunk_sums);
  double squares = 0;
  for (int64_t chunk = 0; chunk < gradient_norm_workspace(op.gradients.columns); ++chunk)
    squares += chunk_sums[chunk];
  *op.norm.as<float>() = static_cast<float>(std::sqrt(squares));
}

void adamw(Cpu&, const AdamW& op) {
  if (accept(op.clipping)) HWY_DYNAMIC_DISPATCH(adamw_step)(op);
}

void lamb_moments(Cpu&, const Lamb& op) {
  double* square_sums = op.square_sums.as<double>();
  if (!accept(op.clipping)) {
    std::fill_n(square_sums, 2 * op.segments.size(), 0.0);
    return;
  }
  double* chunk_sums = op.workspace.as<double>() + 2 * op.segments.size();
  HWY_DYNAMIC_DISPATCH(lamb_moments_pass)(op, chunk_sums);
  add_up_chunks(op.segments, chunk_sums, square_sums);
}

void lamb_parameters(Cpu&, const Lamb& op) {
  if (std::isfinite(*op.clipping.norm.as<float>())) HWY_DYNAMIC_DISPATCH(lamb_parameters_pass)(op);
}

void lamb(Cpu& device, const Lamb& op) {
  Lamb whole = op;
  whole.square_sums = own_square_sums(op);
  lamb_moments(device, whole);
  lamb_parameters(device, whole);
}

}  // namespace cloze
#endif
