#pragma once

#include <cstdint>
#include <span>

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

// Optimizers over flat buffers: parameters, gradients and moments are one buffer each, of equal layout; a
// segment is one named parameter; segments are in order and do not overlap. Gaps between segments (alignment)
// hold zeros in all of them and stay zero.
namespace cloze {

struct ParameterSegment {
  int64_t begin = 0, end = 0;     // elements
  float weight_decay = 0;         // 0 for biases and layer norms
  float learning_rate_scale = 1;  // 0: frozen (not touched at all)
};

// norm = sqrt(Σ gradient²), in double, in two stages over fixed chunks; NaN or infinity when any gradient is.
struct GradientNorm {
  Tensor gradients;  // [1, count]
  Tensor norm;       // [1, 1]
  Tensor workspace;  // f64 [1, gradient_norm_workspace(count)]
};
constexpr int64_t gradient_norm_chunk = 16384;
constexpr int64_t gradient_norm_workspace(int64_t count) {
  return (count + gradient_norm_chunk - 1) / gradient_norm_chunk;
}

// What changes from step to step, in device memory: f32 (f64 on the reference) [1, 3].
struct OptimizerScalars {
  static constexpr int64_t learning_rate = 0;
  static constexpr int64_t first_moment_correction =
      1;  // 1 / (1 - beta1^t), or 1 without bias correction (BERT)
  static constexpr int64_t second_moment_correction = 2;  // 1 / (1 - beta2^t), or 1
  static constexpr int64_t count = 3;
};

// The gradient is scaled by max_norm / max(norm, max_norm) first (max_norm 0: no clipping). When the norm is
// not finite nothing is touched: the step is skipped, and *skipped becomes 1 (else 0).
struct Clipping {
  Tensor norm;  // [1, 1], from GradientNorm
  float max_norm = 1.0f;
  Tensor skipped;  // i32 [1, 1]
};

// Adam with decoupled decay (Loshchilov & Hutter 2019) in BERT's form (google-research/bert,
// optimization.py): m, v moving averages; w -= learning rate * (m̂ / (sqrt(v̂) + epsilon) + weight_decay * w),
// m̂, v̂ with the corrections of OptimizerScalars.
struct AdamW {
  Tensor parameters, gradients, first_moment, second_moment;  // [1, count]
  std::span<const ParameterSegment> segments;                 // host memory, alive as long as the program
  Tensor scalars;                                             // OptimizerScalars
  Clipping clipping;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6;  // double: 1 - beta2 of a float is 1e-5 off
  // The new parameters once more: bf16 [1, count], rounded (on the reference not rounded, of its own type);
  // or none. Not on Cpu.
  Tensor compute_copy = {};
};

// LAMB (You et al. 2020, algorithm 2): u = m̂ / (sqrt(v̂) + epsilon) + weight_decay * w per segment;
// w -= learning rate * |w| / |u| * u (ratio 1 where either norm is 0, or where the segment has no weight
// decay).
struct Lamb {
  Tensor parameters, gradients, first_moment, second_moment;
  std::span<const ParameterSegment> segments;
  Tensor scalars;
  Clipping clipping;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6;  // double: 1 - beta2 of a float is 1e-5 off
  Tensor workspace;  // f64 [1, lamb_workspace(segments, count)]; norms in two stages over fixed chunks
  Tensor compute_copy = {};  // as AdamW's
  // Of lamb_moments and lamb_parameters only: f64 [shares, 2 * segments], {Σ w², Σ u²} of each segment.
  Tensor square_sums = {};
};
constexpr int64_t lamb_workspace(int64_t segments, int64_t count) {
  return 2 * segments + 2 * (count / gradient_norm_chunk + segments);
}

void gradient_norm(Reference&, const GradientNorm&);
void gradient_norm(Cpu&, const GradientNorm&);
void gradient_norm(Cuda&, const GradientNorm&);
void adamw(Reference&, const AdamW&);
void adamw(Cpu&, const AdamW&);
void adamw(Cuda&, const AdamW&);
void lamb(Reference&, const Lamb&);
void lamb(Cpu&, const Lamb&);
void lamb(Cuda&, const Lamb&);

// LAMB in its two passes, for segments that are cut over several processes: the first updates the moments and
// writes square_sums[1, ...] of what this process has of each segment (zeros where the step is skipped); the
// second takes the rows of all processes, adds them up in order, and updates the parameters. A segment of
// which a process has nothing is empty (begin == end).
void lamb_moments(Reference&, const Lamb&);
void lamb_moments(Cpu&, const Lamb&);
void lamb_moments(Cuda&, const Lamb&);
void lamb_parameters(Reference&, const Lamb&);
void lamb_parameters(Cpu&, const Lamb&);
void lamb_parameters(Cuda&, const Lamb&);

}  // namespace cloze
