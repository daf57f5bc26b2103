#include "engine/data/examples/conll_reader.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr std::string_view spaces = " \t";
constexpr std::string_view document_start = "-DOCSTART-";

std::vector<std::string> split_columns(std::string_view line) {
  std::vector<std::string> columns;
  for (size_t begin = line.find_first_not_of(spaces); begin != std::string_view::npos;) {
    const size_t end = line.find_first_of(spaces, begin);
    columns.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(spaces, end);
  }
  return columns;
}

}  // namespace

ConllReader::ConllReader(std::function<std::string_view()> blocks, std::string name)
    : lines_(std::move(blocks), std::move(name)) {}

bool ConllReader::next(ConllSentence& sentence) {
  sentence.words.clear();
  sentence.lines.clear();
  for (RecordLine line; lines_.next(line);) {
    const size_t begin = line.text.find_first_not_of(spaces);
    const bool ends = begin == std::string_view::npos || line.text.substr(begin).starts_with(document_start);
    if (!ends) {
      add_word(line, sentence);
    } else if (!sentence.words.empty()) {
      break;
    }
  }
  if (sentence.words.empty()) return false;
  sentence.line = sentence.lines.front();
  return true;
}

void ConllReader::add_word(const RecordLine& line, ConllSentence& sentence) {
  std::vector<std::string> columns = split_columns(line.text);
  if (columns_ == 0) {
    columns_ = columns.size();
    first_line_ = line.number;
  }
  if (columns.size() != columns_) {
    throw Error({.what = fmt::format("this word has {} columns, the first word {}", columns.size(), columns_),
                 .where = line_place(lines_.name(), line.number),
                 .why = fmt::format("columns stand between spaces or tabs; the first word is in line {}",
                                    first_line_),
                 .remedy = "correct the line; a blank line ends a sentence"});
  }
  sentence.words.push_back(std::move(columns));
  sentence.lines.push_back(line.number);
}

void to_iob2(std::vector<std::string>& tags) {
  std::optional<std::string_view> open;  // the type of the span that the last tag is in
  for (std::string& tag : tags) {
    std::optional<std::string_view> type;
    if (tag.starts_with("B-") || tag.starts_with("I-")) type = std::string_view(tag).substr(2);
    if (tag.starts_with("I-") && open != type) tag[0] = 'B';
    open = type;
  }
}

}  // namespace cloze
