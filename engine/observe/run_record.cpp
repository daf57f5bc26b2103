#include "engine/observe/run_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/data/corpus.h"
#include "engine/train/pretrain_options.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr size_t shown_predictions = 12, shown_log_lines = 14;

std::string text_or_nothing(const fs::path& path) {
  return fs::is_regular_file(path) ? read_file(path) : std::string();
}

std::vector<std::string_view> first_lines(std::string_view text, size_t count) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < count) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Messages begin with the year; what an example is shown in follows without.
std::string head_of_log(std::string_view log) {
  std::string head;
  size_t shown = 0;
  for (const std::string_view line : first_lines(log, 400)) {
    const bool message = line.size() > 20 && line[4] == '-' && line[7] == '-' && line[10] == ' ';
    if (!message || line.find("*** Example ***") != std::string_view::npos) continue;
    head += std::string(line) + "\n";
    if (++shown == shown_log_lines) break;
  }
  return head;
}

// {"id":…,"label":…}: the id, and the other members as text.
std::vector<std::pair<std::string, std::string>> first_predictions(const fs::path& folder) {
  std::vector<std::pair<std::string, std::string>> predictions;
  const std::string text = text_or_nothing(folder / "predictions.jsonl");
  for (const std::string_view line : first_lines(text, shown_predictions)) {
    auto record = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object() || !record.contains("id")) continue;
    const nlohmann::ordered_json id = record["id"];
    record.erase("id");
    std::string rest;
    for (const auto& [key, value] : record.items())
      rest += fmt::format("{}{}: {}", rest.empty() ? "" : "; ", key,
                          value.is_string() ? value.get<std::string>() : value.dump());
    predictions.emplace_back(id.is_string() ? id.get<std::string>() : id.dump(), rest);
  }
  if (!predictions.empty() || !fs::is_regular_file(folder / "predictions.json")) return predictions;
  const auto answers = nlohmann::ordered_json::parse(read_file(folder / "predictions.json"), nullptr, false);
  if (!answers.is_object()) return predictions;
  for (const auto& [id, answer] : answers.items()) {
    if (predictions.size() == shown_predictions) break;
    if (answer.is_string()) predictions.emplace_back(id, answer.get<std::string>());
  }
  return predictions;
}

// "mini" of "out/mini" and of "out/mini/".
std::string base_name(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

// The corpora of a pretraining run; a configuration of fine-tuning, or of a newer Cloze, names none.
void find_corpora(RunRecord& record) {
  try {
    const auto options =
        config::read_text<PretrainOptions>(record.config_yaml, "config.yaml", {}, record.folder);
    record.train_corpus = options.data.train;
    record.validation_corpus = options.data.validation;
  } catch (const UsageError&) {
    return;
  }
}

}  // namespace

bool RunRecord::pretraining() const {
  return facts ? facts->kind == "pretraining" : train_corpus.has_value();
}

std::optional<KnownFloor> known_floor(const fs::path& corpus) {
  if (!fs::is_regular_file(corpus / CorpusFiles::manifest)) return std::nullopt;
  const CorpusManifest manifest = read_corpus_manifest(corpus / CorpusFiles::manifest);
  if (manifest.inputs.size() != 1) return std::nullopt;
  const fs::path statistics = fs::path(manifest.inputs[0].path).parent_path() / "statistics.json";
  const auto document = nlohmann::json::parse(text_or_nothing(statistics), nullptr, false);
  if (!document.is_object() || !document.contains("mask_floor")) return std::nullopt;
  const nlohmann::json& floor = document["mask_floor"];
  if (!floor.is_object() || !floor.contains("nats_per_mask") || !floor.contains("upper_bound") ||
      !floor["nats_per_mask"].is_number() || !floor["upper_bound"].is_number())
    return std::nullopt;
  return KnownFloor{floor["nats_per_mask"], floor["upper_bound"]};
}

std::vector<fs::path> runs_in(const fs::path& folder) {
  if (!fs::is_regular_file(folder / "seeds.json")) return {folder};
  std::vector<fs::path> runs;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && entry.path().filename().string().starts_with("seed-"))
      runs.push_back(entry.path());
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

RunRecord read_run(const fs::path& folder) {
  if (!fs::is_regular_file(folder / "format_version") || !fs::is_regular_file(folder / "config.yaml")) {
    throw UsageError({.what = "this is no run of Cloze",
                      .where = folder.string(),
                      .why = fs::is_directory(folder) ? "it has no format_version and config.yaml"
                             : fs::exists(folder)     ? "it is no folder"
                                                      : "it does not exist",
                      .remedy = "name the `output` folder of cloze pretrain or cloze finetune"});
  }
  RunRecord record{.name = base_name(folder),
                   .folder = folder,
                   .config_yaml = read_file(folder / "config.yaml"),
                   .log_head = head_of_log(text_or_nothing(folder / "log.txt")),
                   .metrics = parse_metrics(text_or_nothing(folder / "metrics.jsonl")),
                   .facts = read_run_facts(folder),
                   .checkpoints = CheckpointStore(folder).steps(),
                   .results = read_evaluation_results(folder),
                   .predictions = first_predictions(folder)};
  find_corpora(record);
  if (record.train_corpus) record.floor = known_floor(*record.train_corpus);
  return record;
}

}  // namespace cloze
