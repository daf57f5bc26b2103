#include <fmt/core.h>

#include <utility>

#include "engine/base/error.h"
#include "engine/data/examples/column_reference.h"
#include "engine/data/examples/conll_reader.h"
#include "engine/data/examples/record_examples.h"

namespace cloze {
namespace {

// CoNLL files have no header: columns are given by number; the names of a task without a preset stand for the
// first column and the last.
size_t column_of(const std::string& column, int otherwise, size_t count, const std::string& where) {
  const int number = column_number(column).value_or(otherwise);
  const int64_t index = number > 0 ? number - 1 : static_cast<int64_t>(count) + number;
  if (index < 0 || index >= static_cast<int64_t>(count)) {
    throw Error({.what = fmt::format("there is no column {}", number),
                 .where = where,
                 .why = fmt::format("the words of this file have {} column(s)", count),
                 .remedy = "state the columns in `task.columns`"});
  }
  return static_cast<size_t>(index);
}

}  // namespace

std::string read_conll_examples(ExampleInput input, RecordPolicy&, ExampleSet& set) {
  ConllReader reader(std::move(input.blocks), input.name);
  ConllSentence sentence;
  const ColumnLayout& layout = input.task.layouts.front();
  int64_t number = 0;
  size_t columns = 0, word_column = 0, tag_column = 0;
  bool tagged = false;
  while (reader.next(sentence)) {
    if (number == 0) {
      const std::string where = line_place(input.name, sentence.line);
      columns = sentence.words.front().size();
      word_column = column_of(layout.text_a, 1, columns, where);
      tag_column = column_of(layout.label, -1, columns, where);
      tagged = tag_column != word_column;
      if (!tagged && input.use != ExampleUse::prediction) {
        throw Error({.what = "this file has no tags",
                     .where = where,
                     .why = "its words have one column",
                     .remedy = "training and evaluation need a tag behind every word"});
      }
    }
    TaggedWords content;
    for (auto& word : sentence.words) {
      if (tagged) content.tags.push_back(meant_label(input.task, std::move(word[tag_column])));
      content.words.push_back(std::move(word[word_column]));
    }
    to_iob2(content.tags);
    set.examples.push_back({std::to_string(number++), sentence.line, std::move(content)});
  }
  return fmt::format("conll, {} column(s), {}", columns, tagged ? "tags as IOB2" : "no tags");
}

}  // namespace cloze
