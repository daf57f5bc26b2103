#include "engine/data/examples/example_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/examples/record_examples.h"
#include "engine/data/examples/task_options.h"
#include "engine/data/examples/task_presets.h"
#include "engine/data/examples/text_file.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr size_t head_bytes = 16 << 10;  // enough for the first row of any table

// The beginning of a text, read ahead and then given out again as its first block.
class LookedAhead {
 public:
  explicit LookedAhead(std::function<std::string_view()> blocks) : blocks_(std::move(blocks)) {
    while (head_.size() < head_bytes) {
      const std::string_view block = blocks_();
      if (block.empty()) break;
      head_ += block;
    }
  }
  std::string_view head() const { return head_; }
  std::string_view next() {
    if (!std::exchange(given_, true) && !head_.empty()) return head_;
    return blocks_();
  }

 private:
  std::function<std::string_view()> blocks_;
  std::string head_;
  bool given_ = false;
};

// Official files have known sizes: another size is worth a word, since a wrong header rule costs one row.
std::string against_official(const TaskDescription& task, ExampleUse use, int64_t count) {
  if (!task.preset) return "";
  const OfficialRows rows = official_rows(*task.preset);
  const bool known = count == rows.training || count == rows.validation || count == rows.test;
  const int official = use == ExampleUse::training     ? rows.training
                       : use == ExampleUse::evaluation ? rows.validation
                                                       : rows.test;
  if (known || official == 0) return "";
  return fmt::format("; the official file of {} has {}", name_of(*task.preset), official);
}

void refuse_question_answering(const TaskDescription& task, const fs::path& file) {
  if (task.kind != TaskKind::question_answering) return;
  throw UsageError({.what = "question answering is not read as a table of examples",
                    .where = file.string(),
                    .why = "its files are SQuAD JSON"});
}

std::string read_format(ExampleInput input, FileFormat format, std::string_view head, RecordPolicy& policy,
                        ExampleSet& set) {
  if (format == FileFormat::conll) return read_conll_examples(std::move(input), policy, set);
  if (format == FileFormat::jsonl) return read_json_examples(std::move(input), policy, set);
  if (input.task.kind == TaskKind::tagging) {
    throw UsageError({.what = "tagging is not read from a table",
                      .where = input.name,
                      .why = "a cell holds no list of words",
                      .remedy = "use CoNLL's form (`format: conll`) or JSONL with lists of words and tags"});
  }
  return read_table_examples(std::move(input), format, head, policy, set);
}

}  // namespace

fs::path without_packing(fs::path file) {
  constexpr std::array<const char*, 6> packings = {".gz", ".bz2", ".xz", ".zst", ".zstd", ".lz4"};
  if (std::find(packings.begin(), packings.end(), file.extension()) != packings.end())
    file.replace_extension();
  return file;
}

FileFormat detect_format(const fs::path& file, std::string_view head, TaskKind kind) {
  const std::string extension = without_packing(file).extension().string();
  if (extension == ".jsonl" || extension == ".ndjson" || extension == ".json") return FileFormat::jsonl;
  if (extension == ".csv") return FileFormat::csv;
  if (extension == ".conll" || extension == ".bio" || extension == ".iob") return FileFormat::conll;
  const size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && head[begin] == '{') return FileFormat::jsonl;
  if (kind == TaskKind::tagging) return FileFormat::conll;
  if (extension == ".tsv" || extension == ".txt") return FileFormat::tsv;
  const std::string_view first_line = head.substr(0, head.find('\n'));
  return first_line.find('\t') != std::string_view::npos ? FileFormat::tsv : FileFormat::csv;
}

std::string meant_label(const TaskDescription& task, std::string written) {
  const auto found = task.label_aliases.find(written);
  return found == task.label_aliases.end() ? std::move(written) : found->second;
}

ExampleSet read_examples(std::function<std::string_view()> blocks, const fs::path& file,
                         const TaskDescription& task, ExampleUse use) {
  refuse_question_answering(task, file);
  LookedAhead text(std::move(blocks));
  const FileFormat format =
      task.format == FileFormat::automatic ? detect_format(file, text.head(), task.kind) : task.format;
  ExampleSet set{.file = file};
  RecordPolicy policy(task, use);
  const std::string layout = read_format({[&text] { return text.next(); }, file.string(), task, use}, format,
                                         text.head(), policy, set);
  policy.report(file.string());
  set.skipped = policy.skipped();
  if (set.examples.empty()) {
    throw Error({.what = "there are no examples in this file", .where = file.string(), .why = layout});
  }
  log::info("{}: {} examples; {}{}", file.string(), set.examples.size(), layout,
            against_official(task, use, static_cast<int64_t>(set.examples.size())));
  return set;
}

ExampleSet read_examples(const fs::path& file, const TaskDescription& task, ExampleUse use) {
  TextFile text(file);
  return read_examples([&text] { return text.next_block(); }, file, task, use);
}

}  // namespace cloze
