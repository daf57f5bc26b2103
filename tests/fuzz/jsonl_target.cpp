// JSON objects line by line: the same records in blocks of any size, and after being written out.
#include <optional>
#include <vector>

#include "engine/data/examples/jsonl_reader.h"
#include "engine/data/examples/task_options.h"
#include "tests/fuzz/example_blocks.h"

using namespace cloze;

namespace {

using Records = std::vector<nlohmann::json>;

std::optional<Records> records_of(std::string_view text, size_t block_bytes) {
  try {
    JsonlReader reader(fuzz::blocks_of(text, block_bytes), "input.jsonl");
    Records records;
    for (JsonRecord record; reader.next(record);) records.push_back(record.object);
    return records;
  } catch (const Error&) {
    return std::nullopt;
  }
}

TaskDescription task_of(TaskKind kind) {
  return describe_task(TaskOptions{.kind = kind, .malformed_rows = MalformedRows::skip});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TaskDescription tasks[] = {task_of(TaskKind::classification), task_of(TaskKind::regression),
                                          task_of(TaskKind::tagging), task_of(TaskKind::multiple_choice)};
  const std::string_view text = fuzz::as_text(data, size);
  const auto records = records_of(text, size + 1);
  fuzz::require(records_of(text, 3) == records, "blocks change nothing");
  if (records) {
    std::string written;
    for (const auto& record : *records) {
      fuzz::require(record.is_object(), "every record is an object");
      written += record.dump() + '\n';
    }
    fuzz::require(records_of(written, 1000) == records, "records written out read as the same records");
  }
  for (const TaskDescription& task : tasks) fuzz::check_examples(text, task, "input.jsonl");
  return 0;
}
