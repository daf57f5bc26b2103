#include "engine/optim/optimizer_options.h"

#include <cmath>

namespace cloze {
namespace {

double bias_correction(double beta, int64_t updates) {
  return 1 / (1 - std::pow(beta, static_cast<double>(updates + 1)));
}

}  // namespace

bool decays(std::string_view parameter_name) {
  for (const std::string_view excluded : {"LayerNorm", "layer_norm", "bias"}) {
    if (parameter_name.find(excluded) != std::string_view::npos) return false;
  }
  return true;
}

double weight_decay_of(const OptimizerOptions& options, std::string_view parameter_name) {
  return decays(parameter_name) ? options.weight_decay : 0;
}

std::array<double, OptimizerScalars::count> optimizer_scalars(const OptimizerOptions& options,
                                                              double learning_rate, int64_t updates) {
  std::array<double, OptimizerScalars::count> scalars;
  scalars[OptimizerScalars::learning_rate] = learning_rate;
  scalars[OptimizerScalars::first_moment_correction] =
      options.bias_correction ? bias_correction(options.beta1, updates) : 1;
  scalars[OptimizerScalars::second_moment_correction] =
      options.bias_correction ? bias_correction(options.beta2, updates) : 1;
  return scalars;
}

}  // namespace cloze
