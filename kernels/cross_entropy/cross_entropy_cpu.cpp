#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy/cross_entropy_cpu.cpp"
#include <algorithm>
#include <cmath>
#include <limits>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/parallel.h"
#include "kernels/common/simd_loop-inl.h"
#include "kernels/common/simd_math-inl.h"
#include "kernels/cross_entropy/cross_entropy.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

HWY_INLINE float maximum_of(const float* logits, int64_t count) {
  const hn::ScalableTag<float> d;
  auto wide = hn::Set(d, -infinity);
  float maximum = -infinity;
  for_each_vector(count, [&](auto tag, int64_t i) HWY_ATTR {
    if constexpr (hn::MaxLanes(tag) > 1) {
      wide = hn::Max(wide, hn::LoadU(tag, logits + i));
    } else {
      maximum = std::max(maximum, logits[i]);
    }
  });
  return std::max(maximum, hn::GetLane(hn::MaxOfLanes(d, wide)));
}

// Σ exp(logits - shift)
HWY_INLINE float exponential_sum(const float* logits, int64_t count, float shift) {
  const hn::ScalableTag<float> d;
  auto wide = hn::Zero(d);
  float sum = 0;
  for_each_vector(count, [&](auto tag, int64_t i) HWY_ATTR {
    const auto value = vector_exp(tag, hn::Sub(hn::LoadU(tag, logits + i), hn::Set(tag, shift)));
    if constexpr (hn::MaxLanes(tag) > 1) {
      wide = hn::Add(wide, value);
    } else {
      sum += hn::GetLane(value);
    }
  });
  return sum + hn::GetLane(hn::SumOfLanes(d, wide));
}

// The running maximum and Σ exp(logit - maximum) of a row (online softmax, Milakov & Gimelshein 2018), a
// block at a time so that memory is read once.
struct OnlineSum {
  float maximum = -infinity;
  double sum = 0;

  HWY_INLINE void add(const float* logits, int64_t count) {
    constexpr int64_t block = 2048;  // columns; stays in the first-level cache between its two readings
    for (int64_t first = 0; first < count; first += block) {
      const int64_t size = std::min(block, count - first);
      const float highest = maximum_of(logits + first, size);
      if (highest > maximum) {
        sum *= std::exp(maximum - highest);
        maximum = highest;
      }
      // Without a finite maximum so far every exponential is 0, or NaN where a logit is.
      sum += exponential_sum(logits + first, size, maximum == -infinity ? 0 : maximum);
    }
  }
};

// gradient = scale (softmax - target), zero from `classes` on.
void gradient_row(const CrossEntropy& op, int64_t row, int32_t label, const OnlineSum& total, float weight) {
  const float* logits = op.logits.row<float>(row);
  float* gradient = op.gradient.row<float>(row);
  const float scale = *op.scale.as<float>() * weight;
  const float factor = static_cast<float>(scale / total.sum);
  const float elsewhere = scale * op.smoothing / static_cast<float>(op.classes);
  for_each_vector(op.classes, [&](auto d, int64_t i) HWY_ATTR {
    const auto value = vector_exp(d, hn::Sub(hn::LoadU(d, logits + i), hn::Set(d, total.maximum)));
    hn::StoreU(hn::MulSub(value, hn::Set(d, factor), hn::Set(d, elsewhere)), d, gradient + i);
  });
  gradient[label] -= scale * (1 - op.smoothing);
  std::fill(gradient + op.classes, gradient + op.logits.columns, 0.0f);
}

void unlabelled_row(const CrossEntropy& op, int64_t row) {
  *op.row_loss.row<float>(row) = 0;
  *op.row_correct.row<int32_t>(row) = 0;
  if (op.gradient) std::fill_n(op.gradient.row<float>(row), op.logits.columns, 0.0f);
}

double mean_of(const float* logits, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += double{logits[i]};
  return sum / static_cast<double>(count);
}

void labelled_row(const CrossEntropy& op, int64_t row, int32_t label) {
  const float* logits = op.logits.row<float>(row);
  const float label_logit = logits[label];
  const float weight = op.weights ? *op.weights.row<float>(row) : 1.0f;
  OnlineSum total;
  total.add(logits, label);
  const bool beats_those_before = label_logit > total.maximum || label == 0;
  total.add(logits + label, op.classes - label);
  double loss = std::log(total.sum) + (total.maximum - label_logit);
  if (op.smoothing > 0) loss += double{op.smoothing} * (label_logit - mean_of(logits, op.classes));
  *op.row_loss.row<float>(row) = static_cast<float>(double{weight} * loss);
  *op.row_correct.row<int32_t>(row) = beats_those_before && label_logit == total.maximum ? 1 : 0;
  if (op.gradient) gradient_row(op, row, label, total, weight);
}

}  // namespace

void cross_entropy_rows(const CrossEntropy& op) {
  const int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(op.classes, 1));
  parallel_for(0, op.logits.live_rows(), grain, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      const int32_t label = *op.labels.row<int32_t>(row);
      label < 0 ? unlabelled_row(op, row) : labelled_row(op, row, label);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(cross_entropy_rows);

void cross_entropy(Cpu&, const CrossEntropy& op) {
  HWY_DYNAMIC_DISPATCH(cross_entropy_rows)(op);
  double sum = 0;
  for (int64_t row = 0; row < op.logits.live_rows(); ++row) sum += *op.row_loss.row<float>(row);
  *op.loss.as<float>() = static_cast<float>(*op.scale.as<float>() * sum);
}

}  // namespace cloze
#endif
