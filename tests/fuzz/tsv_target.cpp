// Tab-separated tables: the same rows in blocks of any size, and after being written out.
#include <vector>

#include "engine/data/examples/table_reader.h"
#include "engine/data/examples/task_options.h"
#include "tests/fuzz/example_blocks.h"

using namespace cloze;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(std::string_view text, size_t block_bytes) {
  const auto reader = read_tsv(fuzz::blocks_of(text, block_bytes), "input.tsv");
  Rows rows;
  for (TableRow row; reader->next(row);) rows.push_back(row.cells);
  return rows;
}

std::string written(const Rows& rows) {
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "\t" : "") + row[i];
    text += "\r\n";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TaskDescription google = describe_task(TaskPreset::google_tsv),
                               mrpc = describe_task(TaskPreset::mrpc), xnli = describe_task(TaskPreset::xnli);
  const std::string_view text = fuzz::as_text(data, size);
  const Rows rows = rows_of(text, size + 1);
  fuzz::require(rows_of(text, 3) == rows, "blocks change nothing");
  for (const auto& row : rows) {
    fuzz::require(row.size() > 1 || !row.front().empty(), "empty lines are no rows");
    for (const std::string& cell : row) {
      fuzz::require(cell.find_first_of("\t\n") == std::string::npos, "a cell holds no tab and no line end");
    }
  }
  // A mark in front of the first cell would be taken for the file's.
  if (!rows.empty() && !rows.front().front().starts_with("\xEF\xBB\xBF")) {
    fuzz::require(rows_of(written(rows), 1000) == rows, "a table written out reads as the same table");
  }
  for (const TaskDescription* task : {&google, &mrpc, &xnli}) fuzz::check_examples(text, *task, "input.tsv");
  return 0;
}
