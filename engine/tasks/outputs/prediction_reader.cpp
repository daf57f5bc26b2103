#include "engine/tasks/outputs/prediction_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/examples/example_reader.h"
#include "engine/data/examples/jsonl_reader.h"
#include "engine/data/examples/record_lines.h"
#include "engine/data/examples/score_text.h"
#include "engine/data/examples/table_reader.h"
#include "engine/data/examples/text_file.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, int64_t line, const std::string& what, const std::string& why) {
  throw Error({.what = what, .where = line_place(file.string(), line), .why = why});
}

std::string scalar_at(const JsonRecord& record, const char* name) {
  const auto found = record.object.find(name);
  if (found == record.object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::vector<WrittenPrediction> read_jsonl(TextFile& text) {
  JsonlReader reader([&text] { return text.next_block(); }, text.path().string());
  std::vector<WrittenPrediction> predictions;
  for (JsonRecord record; reader.next(record);) {
    std::string answer = scalar_at(record, "label");
    if (answer.empty()) answer = scalar_at(record, "score");
    if (answer.empty()) {
      fail(text.path(), record.line, "this record is no prediction", "it has neither `label` nor `score`");
    }
    predictions.push_back({scalar_at(record, "id"), std::move(answer), record.line});
  }
  return predictions;
}

// A line of test_results.tsv: the label of the greatest probability (the first of equal ones), or the score.
std::string answer_of_numbers(const TableRow& row, const TaskDescription& task, const LabelSet& labels,
                              const fs::path& file) {
  const size_t wanted = task.kind == TaskKind::regression ? 1 : static_cast<size_t>(labels.size());
  if (row.cells.size() != wanted) {
    fail(file, row.line, fmt::format("this line has {} column(s)", row.cells.size()),
         fmt::format("without a header, a line has {} number(s)", wanted));
  }
  std::vector<double> numbers;
  for (const std::string& cell : row.cells) {
    const auto number = parse_score(cell);
    if (!number) fail(file, row.line, fmt::format("`{}` is no number", cell), "probabilities are wanted");
    numbers.push_back(*number);
  }
  if (task.kind == TaskKind::regression) return row.cells.front();
  const auto best = std::max_element(numbers.begin(), numbers.end()) - numbers.begin();
  return labels.name(static_cast<int32_t>(best));
}

std::optional<size_t> column_named(const TableRow& header, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = std::find(header.cells.begin(), header.cells.end(), name);
    if (found != header.cells.end()) return static_cast<size_t>(found - header.cells.begin());
  }
  return std::nullopt;
}

std::vector<WrittenPrediction> read_table(TextFile& text, const TaskDescription& task,
                                          const LabelSet& labels) {
  const auto table = read_tsv([&text] { return text.next_block(); }, text.path().string());
  std::vector<WrittenPrediction> predictions;
  TableRow row;
  if (!table->next(row)) return predictions;
  const auto id = column_named(row, {"id", "index"}),
             answer = column_named(row, {"label", "prediction", "score"});
  const size_t columns = row.cells.size();
  const bool header = id && answer;
  if (!header) predictions.push_back({"", answer_of_numbers(row, task, labels, text.path()), row.line});
  while (table->next(row)) {
    if (!header) {
      predictions.push_back({"", answer_of_numbers(row, task, labels, text.path()), row.line});
      continue;
    }
    if (row.cells.size() != columns) {
      fail(text.path(), row.line, fmt::format("this line has {} column(s)", row.cells.size()),
           fmt::format("the header has {}", columns));
    }
    predictions.push_back({row.cells[*id], row.cells[*answer], row.line});
  }
  return predictions;
}

}  // namespace

std::vector<WrittenPrediction> read_predictions(const fs::path& file, const TaskDescription& task,
                                                const LabelSet& labels) {
  TextFile text(file);
  const fs::path extension = without_packing(file).extension();
  const bool jsonl = extension == ".jsonl" || extension == ".json";
  return jsonl ? read_jsonl(text) : read_table(text, task, labels);
}

std::vector<WrittenPrediction> in_order_of(const ExampleSet& set, std::vector<WrittenPrediction> predictions,
                                           const fs::path& file) {
  std::map<std::string_view, size_t> by_id;
  for (size_t i = 0; i < predictions.size(); ++i) by_id.emplace(predictions[i].id, i);
  std::vector<WrittenPrediction> ordered;
  for (const Example& example : set.examples) {
    const auto found = by_id.find(example.id);
    if (found == by_id.end()) break;
    ordered.push_back(predictions[found->second]);
  }
  if (ordered.size() == set.examples.size() && by_id.size() == predictions.size()) return ordered;
  if (predictions.size() == set.examples.size()) {
    const bool has_ids = !predictions.front().id.empty();
    log::info("{}: {}; predictions are taken line by line", file.string(),
              has_ids ? "its ids are not those of the examples" : "it has no ids");
    return predictions;
  }
  throw Error(
      {.what =
           fmt::format("there are {} predictions for {} examples", predictions.size(), set.examples.size()),
       .where = file.string(),
       .why = fmt::format("{} has no prediction with the ids of all its examples", set.file.string())});
}

}  // namespace cloze
