#include "engine/data/examples/show_task_example.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/log.h"

namespace cloze {
namespace {

// "name: v0 v1 ...", `value(i)` for i < present, then zeros up to `width`.
template <typename Value>
std::string line_of(const char* name, size_t present, size_t width, Value value) {
  std::string line = fmt::format("{}:", name);
  for (size_t i = 0; i < present; ++i) line += fmt::format(" {}", value(i));
  for (size_t i = present; i < width; ++i) line += " 0";
  return line + '\n';
}

std::string show_sequence(const EncodedSequence& sequence, const ExampleEncoder& encoder) {
  const auto& tokens = sequence.tokens;
  const auto width = static_cast<size_t>(encoder.options().max_sequence_length);
  const auto second = static_cast<size_t>(sequence.second_begins);
  const Vocabulary& vocabulary = encoder.tokenizer().vocabulary();
  return line_of("tokens", tokens.size(), 0, [&](size_t i) { return vocabulary.piece(tokens[i]); }) +
         line_of("input_ids", tokens.size(), width, [&](size_t i) { return tokens[i]; }) +
         line_of("input_mask", tokens.size(), width, [](size_t) { return 1; }) +
         line_of("segment_ids", tokens.size(), width, [&](size_t i) { return i < second ? 0 : 1; });
}

std::string show_label(const std::optional<std::string>& label, const EncodedExample& encoded,
                       TaskKind kind) {
  if (!label) return "label: none\n";
  if (kind == TaskKind::regression) return fmt::format("label: {}\n", encoded.score);
  return fmt::format("label: {} (id = {})\n", *label, encoded.label);
}

}  // namespace

std::string show_example(const Example& example, const EncodedExample& encoded, const ExampleEncoder& encoder,
                         std::string_view set_name) {
  std::string text = fmt::format("*** Example ***\nguid: {}-{}\n", set_name, example.id);
  for (const EncodedSequence& sequence : encoded.sequences) text += show_sequence(sequence, encoder);
  if (const auto* pair = std::get_if<TextPair>(&example.content)) {
    return text + show_label(pair->label, encoded, encoder.kind());
  }
  if (const auto* choice = std::get_if<MultipleChoice>(&example.content)) {
    return text + show_label(choice->label, encoded, encoder.kind());
  }
  const auto& labels = encoded.token_labels;
  return text + line_of("label_ids", labels.size(), 0, [&](size_t i) { return labels[i]; });
}

void log_examples(const ExampleSet& set, const EncodedExamples& encoded, const ExampleEncoder& encoder,
                  std::string_view set_name, size_t count) {
  for (size_t i = 0; i < std::min(count, set.examples.size()); ++i) {
    log::info("{}", show_example(set.examples[i], encoded.examples[i], encoder, set_name));
  }
}

}  // namespace cloze
