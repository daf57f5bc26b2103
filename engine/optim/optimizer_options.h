#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "kernels/optimizer/optimizer.h"

namespace cloze {

class Fields;

enum class OptimizerKind {
  adamw,  // Adam with decoupled decay, as google-research/bert's optimization.py
  lamb,   // You et al. 2020: the same direction, scaled per parameter by |w| / |update|
};

// How gradients become an update (kernels/optimizer/optimizer.h has the formulas). The defaults are BERT's.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  double learning_rate = 1e-4;  // the peak; ScheduleOptions says how it is reached and left
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-6;           // added outside the root
  double weight_decay = 0.01;      // of the parameters that decays() names
  double max_gradient_norm = 1.0;  // of all gradients together; 0: no clipping
  // Whether m and v are divided by 1 - beta^t (Kingma & Ba 2015): not in BERT; in torch.optim.AdamW and LAMB.
  bool bias_correction = false;

  friend bool operator==(const OptimizerOptions&, const OptimizerOptions&) = default;
};

// Names, ranges and help of every field, for configuration files (engine/config/fields.h).
void describe(Fields& fields, OptimizerOptions& options);

// BERT's exclusion rule: layer norms and biases do not decay. `parameter_name` is a Hugging Face name, such
// as "bert.encoder.layer.0.attention.output.LayerNorm.weight"; Google's names give the same answer.
bool decays(std::string_view parameter_name);

// The ParameterSegment::weight_decay of a parameter: options.weight_decay, or 0.
double weight_decay_of(const OptimizerOptions& options, std::string_view parameter_name);

// What a step hands to the kernels, in the order of OptimizerScalars. `updates` counts the updates already
// made: 0 for the first. A correction is 1 / (1 - beta^(updates + 1)), or 1 without bias correction.
std::array<double, OptimizerScalars::count> optimizer_scalars(const OptimizerOptions& options,
                                                              double learning_rate, int64_t updates);

}  // namespace cloze
