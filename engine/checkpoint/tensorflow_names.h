#pragma once

#include <optional>
#include <string>
#include <string_view>

// What the variables of google-research/bert are called (modeling.py, run_*.py, optimization.py), and what
// transformers calls the same.
namespace cloze {

struct TranslatedName {
  std::string name;         // "bert.encoder.layer.0.output.dense.weight"
  bool transposed = false;  // TensorFlow's kernels are [in, out], transformers' weights [out, in]
  friend bool operator==(const TranslatedName&, const TranslatedName&) = default;
};

// Nullopt for a variable that is none of BERT's, or of its heads for pretraining, classification and span QA.
std::optional<TranslatedName> huggingface_name(std::string_view variable);

// What the optimizer keeps of a variable.
enum class Slot { first_moment, second_moment, other };
struct SlotName {
  std::string_view variable;  // empty for what belongs to no variable: Adam's powers of beta
  Slot slot = Slot::other;
};

// "VARIABLE/adam_m" and "VARIABLE/adam_v" are the moments of BERT's own Adam. The slots of TensorFlow's own
// optimizers are known as such, but not as moments that could be trained on with.
std::optional<SlotName> optimizer_slot(std::string_view variable);

constexpr std::string_view global_step_name = "global_step";

}  // namespace cloze
