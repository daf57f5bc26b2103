#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/examples/encoded_sequence.h"
#include "engine/text/tokenizer.h"

namespace cloze {

// A context that questions are asked about, and its words: the runs between spaces, tabs, line ends and
// U+202F, which is what run_squad.py splits at.
struct Passage {
  std::string text;
  std::vector<TextSpan> words;  // bytes of `text`

  std::string_view word(size_t index) const {
    return std::string_view(text).substr(words[index].begin, words[index].end - words[index].begin);
  }
};

struct Answer {
  std::string text;
  std::optional<int64_t> start;  // in characters (code points) of the passage
};

// Words [first, last] of a passage.
struct WordRange {
  int32_t first = 0, last = 0;
  bool operator==(const WordRange&) const = default;
};

struct Question {
  std::string id, text;
  size_t passage = 0;              // index into QuestionFile::passages
  bool has_answers = false;        // the key was there, if only with an empty list
  std::vector<Answer> answers;     // none: not known, or the passage holds none
  std::optional<bool> impossible;  // SQuAD v2.0; unset where the file does not say
  int64_t line = 0;
  std::optional<WordRange> answer_words;  // set by keep_trainable() where the passage holds the answer
};

// A file in SQuAD's form: data[].paragraphs[].{context, qas[].{id, question, answers[].{text, answer_start},
// is_impossible}}. Questions stand in the order of the file, those of a passage side by side.
struct QuestionFile {
  std::filesystem::path path;
  std::vector<Passage> passages;
  std::vector<Question> questions;

  const Passage& passage_of(const Question& question) const { return passages[question.passage]; }
  RecordPlace place_of(const Question& question) const { return {path, question.line}; }

  // Whether it is SQuAD v2.0: some question says whether it can be answered, or has no answer.
  bool has_impossible_questions() const;
};

// Reads the file; .gz, .bz2, .xz, .zst and .lz4 are unpacked. Answers, `is_impossible` and unknown keys may
// be missing. Throws Error (file:line, and the question) for what is not JSON, for a wrong type, a missing
// `context`, `id` or `question`, and an id given twice.
QuestionFile read_question_file(const std::filesystem::path& path);

// The same for a file's text.
QuestionFile parse_question_file(std::string_view text, const std::filesystem::path& path);

// The words of a passage with single spaces between them; nothing for a range that ends before it begins.
std::string joined_words(const Passage& passage, WordRange range);

// The words of a context, as in Passage.
std::vector<TextSpan> context_words(std::string_view context);

}  // namespace cloze
