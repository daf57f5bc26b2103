#include <fmt/core.h>

#include "engine/data/instance.h"

namespace cloze {
namespace {

// "name: v0 v1 … " with `value(i)` for i < present and `padding` up to `width`.
template <typename Value>
void add_line(std::string& text, const char* name, size_t present, size_t width, const char* padding,
              Value value) {
  text += name;
  text += ':';
  for (size_t i = 0; i < present; ++i) text += fmt::format(" {}", value(i));
  for (size_t i = present; i < width; ++i) text += fmt::format(" {}", padding);
  text += '\n';
}

}  // namespace

std::string show_example(const Instance& instance, const InstanceOptions& options,
                         const Vocabulary& vocabulary) {
  const auto& tokens = instance.tokens;
  const auto& predictions = instance.predictions;
  const auto length = static_cast<size_t>(options.max_sequence_length);
  const auto most = static_cast<size_t>(options.max_predictions);
  std::string text = "*** Example ***\n";
  add_line(text, "tokens", tokens.size(), 0, "", [&](size_t i) { return vocabulary.piece(tokens[i]); });
  add_line(text, "input_ids", tokens.size(), length, "0", [&](size_t i) { return tokens[i]; });
  add_line(text, "input_mask", tokens.size(), length, "0", [](size_t) { return 1; });
  add_line(text, "segment_ids", tokens.size(), length, "0", [&](size_t i) { return instance.token_type(i); });
  add_line(text, "masked_lm_positions", predictions.size(), most, "0",
           [&](size_t i) { return predictions[i].position; });
  add_line(text, "masked_lm_ids", predictions.size(), most, "0",
           [&](size_t i) { return predictions[i].label; });
  add_line(text, "masked_lm_weights", predictions.size(), most, "0.0", [](size_t) { return "1.0"; });
  if (options.next_sentence) {
    add_line(text, "next_sentence_labels", 1, 1, "", [&](size_t) { return instance.random_next ? 1 : 0; });
  }
  return text;
}

}  // namespace cloze
