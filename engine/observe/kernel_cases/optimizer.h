#pragma once

#include <algorithm>
#include <vector>

#include "engine/observe/kernel_cases/operand.h"
#include "kernels/optimizer/optimizer.h"

namespace cloze::kernel_cases {

// `count` parameters in segments of a BERT-base matrix (768 x 768).
class Optimizer {
 public:
  explicit Optimizer(int64_t count)
      : count_(count),
        parameters_(1, count),
        gradients_(1, count),
        first_(1, count),
        second_(1, count),
        workspace_(1, gradient_norm_workspace(count) + lamb_workspace(count / segment + 1, count)) {
    for (int64_t begin = 0; begin < count; begin += segment)
      segments_.push_back({begin, std::min(count, begin + segment), 0.01f, 1});
    for (int64_t i = 0; i < count; ++i) second_.data()[i] *= second_.data()[i];
    scalars_.data()[OptimizerScalars::learning_rate] = 1e-4f;
    scalars_.data()[OptimizerScalars::first_moment_correction] = 1;
    scalars_.data()[OptimizerScalars::second_moment_correction] = 1;
    norm_.data()[0] = 2;
  }

  void norm() { gradient_norm(cpu_, {gradients_.tensor(), norm_.tensor(), workspace_.tensor()}); }
  void update_by_adamw() {
    adamw(cpu_, {parameters_.tensor(), gradients_.tensor(), first_.tensor(), second_.tensor(), segments_,
                 scalars_.tensor(), clipping()});
  }
  void update_by_lamb() {
    lamb(cpu_, {.parameters = parameters_.tensor(),
                .gradients = gradients_.tensor(),
                .first_moment = first_.tensor(),
                .second_moment = second_.tensor(),
                .segments = segments_,
                .scalars = scalars_.tensor(),
                .clipping = clipping(),
                .workspace = workspace_.tensor()});
  }
  double norm_bytes() const { return float_bytes * static_cast<double>(count_); }
  double adamw_bytes() const { return 7 * float_bytes * static_cast<double>(count_); }  // four in, three out
  double lamb_bytes() const { return 10 * float_bytes * static_cast<double>(count_); }  // and three once more

 private:
  static constexpr int64_t segment = 768 * 768;
  Clipping clipping() { return {norm_.tensor(), 1.0f, skipped_.tensor()}; }

  Cpu cpu_;
  int64_t count_;
  Operand<float> parameters_, gradients_, first_, second_, scalars_{1, OptimizerScalars::count}, norm_{1, 1};
  Operand<int32_t> skipped_{1, 1};
  Operand<double> workspace_;
  std::vector<ParameterSegment> segments_;
};

}  // namespace cloze::kernel_cases
