#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/train/finetune_results.h"
#include "engine/train/run_facts.h"

namespace cloze {

struct MetricPoint {
  int64_t step = 0;
  double value = 0;
  friend bool operator==(const MetricPoint&, const MetricPoint&) = default;
};
using Series = std::vector<MetricPoint>;  // by step, each once

// The records of metrics.jsonl as curves, "train/loss" and so on.
struct Metrics {
  std::map<std::string, Series> series;
  int64_t broken_lines = 0;  // that are no record: one that is being written, or was cut by a crash
  double first_time = 0, last_time = 0;  // seconds since 1970; 0: no record

  const Series* find(const std::string& name) const;
};

// Where a resumed run repeats steps, the later record counts, and what the earlier one had beyond goes.
Metrics parse_metrics(std::string_view jsonl);

// The exact best loss on [MASK] inputs, where a run trained on the sample world (docs/sample-world.md).
struct KnownFloor {
  double told = 0;     // of an oracle that is also told where sentences begin: nobody is below
  double reached = 0;  // of one that sees what a model sees
};

// All that a run's folder says of it.
struct RunRecord {
  std::string name;  // of its folder; read_runs() tells equal ones apart
  std::filesystem::path folder;
  std::string config_yaml;
  std::string log_head;  // the first lines of log.txt, examples left out
  Metrics metrics;
  std::optional<RunFacts> facts;
  std::vector<int64_t> checkpoints;                              // steps
  std::map<std::string, double> results;                         // eval_results.txt
  std::vector<std::pair<std::string, std::string>> predictions;  // some lines of predictions.jsonl: id, rest
  std::optional<std::filesystem::path> train_corpus, validation_corpus;  // of pretraining
  std::optional<KnownFloor> floor;

  bool pretraining() const;
};

// Throws UsageError for a folder that is no run of Cloze.
RunRecord read_run(const std::filesystem::path& folder);

// The runs that `folder` stands for: itself, or the seed-N runs inside it.
std::vector<std::filesystem::path> runs_in(const std::filesystem::path& folder);

// Of a corpus made from the sample world's text; nullopt for any other.
std::optional<KnownFloor> known_floor(const std::filesystem::path& corpus);

}  // namespace cloze
