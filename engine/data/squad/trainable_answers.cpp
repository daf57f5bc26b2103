#include "engine/data/squad/trainable_answers.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/text/python_text.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr size_t warnings_shown = 5;

[[noreturn]] void fail(const QuestionFile& file, const Question& question, const std::string& what,
                       const std::string& remedy = "") {
  throw Error({.what = what,
               .where = to_string(file.place_of(question)),
               .why = fmt::format("in question `{}`", question.id),
               .remedy = remedy});
}

bool is_impossible(const QuestionFile& file, const Question& question, bool with_impossible) {
  if (!with_impossible) return false;
  if (!question.impossible) {
    fail(file, question, "a question does not say `is_impossible`",
         "train without `version_2_with_negative` on a file in the form of SQuAD v1.1");
  }
  return *question.impossible;
}

const Answer& only_answer(const QuestionFile& file, const Question& question) {
  if (question.answers.size() != 1) {
    fail(file, question, fmt::format("a question to train on has {} answers, not 1", question.answers.size()),
         question.answers.empty()
             ? "questions without an answer need `version_2_with_negative` and `is_impossible: true`"
             : "files with several answers to a question are for evaluation");
  }
  const Answer& answer = question.answers.front();
  if (!answer.start) fail(file, question, "an answer has no `answer_start`");
  return answer;
}

// The byte at which a code point begins; nothing where the text has fewer.
std::optional<size_t> byte_of_character(std::string_view text, int64_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += std::max<uint32_t>(decode_utf8(text, at).size, 1);
  return index == 0 && at < text.size() ? std::optional(at) : std::nullopt;
}

// The word at a byte; between words the one before; -1 in front of the first.
int32_t word_at(const Passage& passage, size_t byte) {
  const auto after = std::upper_bound(passage.words.begin(), passage.words.end(), byte,
                                      [](size_t at, const TextSpan& word) { return at < word.begin; });
  return static_cast<int32_t>(after - passage.words.begin()) - 1;
}

// The words that the answer's characters lie in, whatever they say.
WordRange marked_words(const QuestionFile& file, const Question& question, const Answer& answer) {
  const Passage& passage = file.passage_of(question);
  const auto length = static_cast<int64_t>(code_point_count(answer.text));
  const auto first = *answer.start < 0 ? std::nullopt : byte_of_character(passage.text, *answer.start);
  const auto last =
      first ? byte_of_character(std::string_view(passage.text).substr(*first), length - 1) : std::nullopt;
  if (!last) {
    fail(file, question,
         fmt::format("an answer of {} characters at {} reaches beyond its context", length, *answer.start),
         "`answer_start` counts characters (Unicode code points), not bytes");
  }
  WordRange range{word_at(passage, *first), word_at(passage, *first + *last)};
  // In front of the first word run_squad.py has index -1, which in Python is the last one.
  if (range.first < 0) range.first += static_cast<int32_t>(passage.words.size());
  return range;
}

// False where the answer is not in the words it is said to be in.
bool find_answer(const QuestionFile& file, Question& question, size_t& warnings) {
  const Answer& answer = only_answer(file, question);
  const std::string wanted = python_collapse_spaces(answer.text);
  if (wanted.empty()) fail(file, question, "an answer holds no text");
  const WordRange range = marked_words(file, question, answer);
  const std::string found = joined_words(file.passage_of(question), range);
  if (found.find(wanted) != std::string::npos) {
    question.answer_words = range;
    return true;
  }
  if (warnings++ < warnings_shown) {
    log::warning("{}: question `{}` is skipped: its answer `{}` is not in `{}`, where the file says it is",
                 to_string(file.place_of(question)), question.id, wanted, found);
  }
  return false;
}

}  // namespace

size_t keep_trainable(QuestionFile& file, bool with_impossible) {
  size_t skipped = 0;
  std::erase_if(file.questions, [&](Question& question) {
    return !is_impossible(file, question, with_impossible) && !find_answer(file, question, skipped);
  });
  if (skipped > 0) {
    log::warning("{}: {} questions skipped, whose answers are not where the file says; {} are left",
                 file.path.string(), skipped, file.questions.size());
  }
  return skipped;
}

}  // namespace cloze
