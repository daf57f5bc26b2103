#include <algorithm>
#include <cmath>

#include "kernels/common/reference.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/optimizer/segment_chunks.h"

namespace cloze {
namespace {

// Whether the step is to be taken, told to the caller.
template <typename T>
bool accept(const Clipping& clipping) {
  const bool finite = std::isfinite(*clipping.norm.as<T>());
  *clipping.skipped.as<int32_t>() = finite ? 0 : 1;
  return finite;
}

template <typename T>
T clip_factor(const Clipping& clipping) {
  const T max_norm = static_cast<T>(clipping.max_norm);
  return max_norm > 0 ? max_norm / std::max(*clipping.norm.as<T>(), max_norm) : T{1};
}

// m̂ / (sqrt(v̂) + epsilon) of one element, after its moments took the gradient in; of either optimizer's
// struct.
template <typename T, typename Op>
T adam_direction(const Op& op, int64_t i) {
  const T gradient = op.gradients.template as<T>()[i] * clip_factor<T>(op.clipping);
  T& first = op.first_moment.template as<T>()[i];
  T& second = op.second_moment.template as<T>()[i];
  first = static_cast<T>(op.beta1) * first + static_cast<T>(1 - op.beta1) * gradient;
  second = static_cast<T>(op.beta2) * second + static_cast<T>(1 - op.beta2) * gradient * gradient;
  const T* scalars = op.scalars.template as<T>();
  return first * scalars[OptimizerScalars::first_moment_correction] /
         (std::sqrt(second * scalars[OptimizerScalars::second_moment_correction]) +
          static_cast<T>(op.epsilon));
}

// The moments of one segment, and its {Σ w², Σ u²}.
template <typename T>
void lamb_segment_moments(const Lamb& op, const ParameterSegment& segment, double* square_sums) {
  const T* parameters = op.parameters.as<T>();
  const T decay = static_cast<T>(segment.weight_decay);
  double parameter_squares = 0, update_squares = 0;
  for (int64_t i = segment.begin; i < segment.end; ++i) {
    const T update = adam_direction<T>(op, i) + decay * parameters[i];
    parameter_squares += double{parameters[i]} * parameters[i];
    update_squares += double{update} * update;
  }
  if (!adapts(segment)) return;
  square_sums[0] = parameter_squares;
  square_sums[1] = update_squares;
}

template <typename T>
void lamb_segment_parameters(const Lamb& op, const ParameterSegment& segment, T ratio) {
  T* parameters = op.parameters.as<T>();
  const T decay = static_cast<T>(segment.weight_decay);
  const T* scalars = op.scalars.as<T>();
  const T learning_rate =
      scalars[OptimizerScalars::learning_rate] * static_cast<T>(segment.learning_rate_scale);
  for (int64_t i = segment.begin; i < segment.end; ++i) {
    const T direction =
        op.first_moment.as<T>()[i] * scalars[OptimizerScalars::first_moment_correction] /
        (std::sqrt(op.second_moment.as<T>()[i] * scalars[OptimizerScalars::second_moment_correction]) +
         static_cast<T>(op.epsilon));
    parameters[i] -= learning_rate * ratio * (direction + decay * parameters[i]);
    if (op.compute_copy) op.compute_copy.as<T>()[i] = parameters[i];
  }
}

}  // namespace

void gradient_norm(Reference&, const GradientNorm& op) {
  with_element_type(op.gradients, [&]<typename T>(T) {
    double squares = 0;
    for (int64_t i = 0; i < op.gradients.columns; ++i) {
      const double gradient = op.gradients.as<T>()[i];
      squares += gradient * gradient;
    }
    *op.norm.as<T>() = static_cast<T>(std::sqrt(squares));
  });
}

void adamw(Reference&, const AdamW& op) {
  with_element_type(op.parameters, [&]<typename T>(T) {
    if (!accept<T>(op.clipping)) return;
    T* parameters = op.parameters.as<T>();
    for (const ParameterSegment& segment : op.segments) {
      if (segment.learning_rate_scale == 0) continue;
      const T decay = static_cast<T>(segment.weight_decay);
      const T learning_rate =
          op.scalars.as<T>()[OptimizerScalars::learning_rate] * static_cast<T>(segment.learning_rate_scale);
      for (int64_t i = segment.begin; i < segment.end; ++i) {
        parameters[i] -= learning_rate * (adam_direction<T>(op, i) + decay * parameters[i]);
        if (op.compute_copy) op.compute_copy.as<T>()[i] = parameters[i];
      }
    }
  });
}

void lamb_moments(Reference&, const Lamb& op) {
  double* square_sums = op.square_sums.as<double>();
  std::fill_n(square_sums, 2 * op.segments.size(), 0.0);
  with_element_type(op.parameters, [&]<typename T>(T) {
    if (!accept<T>(op.clipping)) return;
    for (size_t i = 0; i < op.segments.size(); ++i) {
      if (op.segments[i].learning_rate_scale != 0)
        lamb_segment_moments<T>(op, op.segments[i], square_sums + 2 * i);
    }
  });
}

void lamb_parameters(Reference&, const Lamb& op) {
  with_element_type(op.parameters, [&]<typename T>(T) {
    if (!std::isfinite(*op.clipping.norm.as<T>())) return;
    for (size_t i = 0; i < op.segments.size(); ++i) {
      if (op.segments[i].learning_rate_scale == 0) continue;
      lamb_segment_parameters<T>(op, op.segments[i],
                                 static_cast<T>(trust_ratio(op.square_sums, static_cast<int64_t>(i))));
    }
  });
}

void lamb(Reference& device, const Lamb& op) {
  Lamb whole = op;
  whole.square_sums = own_square_sums(op);
  lamb_moments(device, whole);
  lamb_parameters(device, whole);
}

}  // namespace cloze
