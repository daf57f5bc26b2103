#include <fmt/core.h>

#include "engine/data/squad/question_windows.h"

namespace cloze {
namespace {

// "name: v0 v1 …" of `count` values.
template <typename Value>
void add_line(std::string& text, const char* name, size_t count, Value value) {
  text += name;
  text += ':';
  for (size_t i = 0; i < count; ++i) text += fmt::format(" {}", value(i));
  text += '\n';
}

void add_answer(std::string& text, const QuestionWindow& window, const Vocabulary& vocabulary) {
  text += fmt::format("start_position: {}\nend_position: {}\n", window.start_label, window.end_label);
  const auto first = static_cast<size_t>(window.start_label), last = static_cast<size_t>(window.end_label);
  add_line(text, "answer", last >= first ? last - first + 1 : 0,
           [&](size_t i) { return vocabulary.piece(window.sequence.tokens[first + i]); });
}

}  // namespace

std::string show_question_window(const QuestionFile& file, const QuestionWindow& window,
                                 const Vocabulary& vocabulary, const SquadOptions& options,
                                 WindowPurpose purpose) {
  const std::vector<int32_t>& tokens = window.sequence.tokens;
  const auto length = static_cast<size_t>(options.max_sequence_length);
  const auto begin = static_cast<size_t>(window.sequence.second_begins);
  const auto is_real = [&](size_t i) { return i < tokens.size(); };
  std::string text = fmt::format("*** Example ***\nunique_id: {}\nexample_index: {}\ndoc_span_index: {}\n",
                                 window.unique_id, window.question, window.index);
  add_line(text, "tokens", tokens.size(), [&](size_t i) { return vocabulary.piece(tokens[i]); });
  add_line(text, "token_to_orig_map", window.words.size(),
           [&](size_t i) { return fmt::format("{}:{}", begin + i, window.words[i]); });
  add_line(text, "token_is_max_context", window.words.size(), [&](size_t i) {
    return fmt::format("{}:{}", begin + i, window.is_max_context[i] != 0 ? "True" : "False");
  });
  add_line(text, "input_ids", length, [&](size_t i) { return is_real(i) ? tokens[i] : 0; });
  add_line(text, "input_mask", length, [&](size_t i) { return is_real(i) ? 1 : 0; });
  add_line(text, "segment_ids", length, [&](size_t i) { return is_real(i) && i >= begin ? 1 : 0; });
  if (purpose == WindowPurpose::prediction) return text;
  if (file.questions[window.question].answer_words) {
    add_answer(text, window, vocabulary);
  } else {
    text += "impossible example\n";
  }
  return text;
}

}  // namespace cloze
