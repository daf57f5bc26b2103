#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/tensor_bundle.h"

// A TensorFlow checkpoint as transformers would have it: names translated, kernels transposed.
namespace cloze {

// What becomes of each tensor of a bundle, by TensorFlow's names; together they are all of them.
struct BundleInventory {
  std::vector<std::string> parameters;       // BERT's and its heads'
  std::vector<std::string> other_variables;  // of a model's own; they keep their names
  std::vector<std::string> moments;          // of BERT's Adam
  std::vector<std::string> other_slots;      // of other optimizers: left out
  std::vector<std::string> without_numbers;  // strings and the like: left out
  bool global_step = false;
};
BundleInventory inventory_of(const TensorBundle& bundle);

// Parameters and other variables. Throws Error where there is no BERT in it at all.
std::unique_ptr<TensorSource> tensorflow_parameters(std::shared_ptr<const TensorBundle> bundle);

// The moments, under first_moment_name() and second_moment_name() of their parameters.
std::unique_ptr<TensorSource> tensorflow_moments(std::shared_ptr<const TensorBundle> bundle);

// Updates done when it was written; nullopt where it does not say.
std::optional<int64_t> global_step_of(const TensorBundle& bundle);

}  // namespace cloze
