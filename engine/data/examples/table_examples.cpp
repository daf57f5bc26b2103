#include <fmt/core.h>

#include <utility>

#include "engine/data/examples/record_examples.h"
#include "engine/data/examples/record_lines.h"
#include "engine/data/examples/table_layout.h"
#include "engine/data/examples/table_reader.h"
#include "engine/data/line_reader.h"

namespace cloze {
namespace {

class TableExamples {
 public:
  TableExamples(const ExampleInput& input, const FittedLayout& layout, RecordPolicy& policy)
      : input_(input), layout_(layout), policy_(policy) {}

  // `number` is the row's, from 0, a header counted. False: the row is none of the examples.
  bool make(TableRow& row, int64_t number, Example& example) {
    if (!has_all_columns(row, number) || !is_kept(row)) return false;
    example.line = row.line;
    example.id = layout_.id ? std::move(row.cells[*layout_.id]) : std::to_string(number);
    return input_.task.kind == TaskKind::multiple_choice ? make_choice(row, example)
                                                         : make_pair(row, example);
  }

 private:
  std::string place(const TableRow& row) const { return line_place(input_.name, row.line); }

  bool has_all_columns(const TableRow& row, int64_t number) {
    if (row.cells.size() == layout_.columns) return true;
    policy_.malformed({.what = fmt::format("row {} has {} column(s), the first row {}", number + 1,
                                           row.cells.size(), layout_.columns),
                       .where = place(row),
                       .why = "every row of a table has the same columns"});
    return false;
  }

  bool is_kept(const TableRow& row) const {
    for (const auto& [column, value] : layout_.keep) {
      if (row.cells[column] != value) return false;
    }
    return true;
  }

  // False: there ought to be a label and is none.
  bool take_label(TableRow& row, std::optional<std::string>& label) {
    label.reset();
    if (!layout_.label) return true;
    std::string& written = row.cells[*layout_.label];
    if (!written.empty()) {
      label = meant_label(input_.task, std::move(written));
      return true;
    }
    if (input_.use == ExampleUse::prediction) return true;
    policy_.malformed({.what = "this row has no label", .where = place(row), .why = "the cell is empty"});
    return false;
  }

  bool make_pair(TableRow& row, Example& example) {
    TextPair pair;
    if (!take_label(row, pair.label)) return false;
    pair.a = std::move(row.cells[layout_.text_a]);
    if (layout_.text_b) pair.b = std::move(row.cells[*layout_.text_b]);
    if (is_blank(pair.a) && !policy_.keeps_empty_text(place(row))) return false;
    example.content = std::move(pair);
    return true;
  }

  bool make_choice(TableRow& row, Example& example) {
    MultipleChoice choice;
    if (!take_label(row, choice.label)) return false;
    choice.context = std::move(row.cells[layout_.text_a]);
    const std::string beginning = layout_.text_b ? row.cells[*layout_.text_b] + ' ' : std::string();
    for (const size_t column : layout_.endings) choice.endings.push_back(beginning + row.cells[column]);
    if (is_blank(choice.context) && !policy_.keeps_empty_text(place(row))) return false;
    example.content = std::move(choice);
    return true;
  }

  const ExampleInput& input_;
  const FittedLayout& layout_;
  RecordPolicy& policy_;
};

}  // namespace

std::string read_table_examples(ExampleInput input, FileFormat format, std::string_view head,
                                RecordPolicy& policy, ExampleSet& set) {
  const char delimiter = input.task.delimiter.value_or(csv_delimiter(head));
  const auto table = format == FileFormat::csv ? read_csv(std::move(input.blocks), input.name,
                                                          {delimiter, input.task.newline_escapes})
                                               : read_tsv(std::move(input.blocks), input.name);
  TableRow row;
  if (!table->next(row)) return "no rows";
  const FittedLayout layout = fit_layout(input.task, input.use, row.cells, line_place(input.name, row.line));
  TableExamples examples(input, layout, policy);
  int64_t number = 0;
  Example example;
  if (!layout.header && examples.make(row, number, example)) set.examples.push_back(std::move(example));
  while (table->next(row)) {
    if (examples.make(row, ++number, example)) set.examples.push_back(std::move(example));
  }
  return fmt::format("{}, {} column(s), {} header ({})", format == FileFormat::csv ? "csv" : "tsv",
                     layout.columns, layout.header ? "a" : "no", layout.why_header);
}

}  // namespace cloze
