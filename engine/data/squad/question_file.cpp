#include "engine/data/squad/question_file.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/data/squad/question_file_parser.h"
#include "engine/data/text_source.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

// run_squad.py's own list, shorter than the tokenizer's and than Python's.
bool separates_words(char32_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0x202F;
}

std::string unpacked(const std::filesystem::path& path) {
  TextSource source(path);
  std::string text;
  if (!source.next_text()) return text;
  for (std::string_view block = source.next_block(); !block.empty(); block = source.next_block())
    text += block;
  return text;
}

}  // namespace

std::string joined_words(const Passage& passage, WordRange range) {
  std::string text;
  for (int32_t i = std::max(range.first, 0); i <= range.last; ++i) {
    if (i > range.first) text += ' ';
    text += passage.word(static_cast<size_t>(i));
  }
  return text;
}

std::vector<TextSpan> context_words(std::string_view context) {
  std::vector<TextSpan> words;
  bool in_word = false;
  for (size_t at = 0; at < context.size();) {
    const CodePoint next = decode_utf8(context, at);
    const size_t end = at + std::max<uint32_t>(next.size, 1);
    if (separates_words(next.value) && next.size > 0) {
      in_word = false;
    } else if (in_word) {
      words.back().end = end;
    } else {
      words.push_back({at, end});
      in_word = true;
    }
    at = end;
  }
  return words;
}

bool QuestionFile::has_impossible_questions() const {
  return std::any_of(questions.begin(), questions.end(), [](const Question& question) {
    return question.impossible.has_value() || (question.has_answers && question.answers.empty());
  });
}

QuestionFile read_question_file(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    throw Error({.what = "cannot read questions", .where = path.string(), .why = "it is a folder"});
  }
  return parse_question_file(unpacked(path), path);
}

QuestionFile parse_question_file(std::string_view text, const std::filesystem::path& path) {
  QuestionFileParser parser(path);
  parse_json_events(text, path.string(), parser);
  return parser.take();
}

}  // namespace cloze
