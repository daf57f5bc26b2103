// Quoted tables: the same rows in blocks of any size, and after being written out.
#include <optional>
#include <vector>

#include "engine/data/examples/table_reader.h"
#include "engine/data/examples/task_options.h"
#include "tests/fuzz/example_blocks.h"

using namespace cloze;

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::optional<Rows> rows_of(std::string_view text, size_t block_bytes, CsvForm form) {
  try {
    const auto reader = read_csv(fuzz::blocks_of(text, block_bytes), "input.csv", form);
    Rows rows;
    for (TableRow row; reader->next(row);) rows.push_back(row.cells);
    return rows;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string written(const Rows& rows, char delimiter) {
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += delimiter;
      text += '"';
      for (const char c : row[i]) text += c == '"' ? std::string("\"\"") : std::string(1, c);
      text += '"';
    }
    text += '\n';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TaskDescription yelp = describe_task(TaskPreset::yelp), swag = describe_task(TaskPreset::swag),
                               generic = describe_task(TaskOptions{});
  const std::string_view text = fuzz::as_text(data, size);
  for (const CsvForm form : {CsvForm{','}, CsvForm{';'}, CsvForm{',', true}}) {
    const auto rows = rows_of(text, size + 1, form);
    fuzz::require(rows_of(text, 3, form) == rows, "blocks change nothing");
    if (!rows) continue;
    const CsvForm plain{form.delimiter};
    fuzz::require(rows_of(written(*rows, form.delimiter), 1000, plain) == rows,
                  "a table written out reads as the same table");
  }
  for (const TaskDescription* task : {&yelp, &swag, &generic}) fuzz::check_examples(text, *task, "input.csv");
  return 0;
}
