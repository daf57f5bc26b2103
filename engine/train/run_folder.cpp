#include "engine/train/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/train/metric_sink_json.h"
#include "engine/train/run_facts.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr const char* lock_file = "run.lock";
constexpr const char* version_file = "format_version";
constexpr const char* config_name = "config.yaml";
constexpr const char* previous_config_name = "config.previous.yaml";

// What --overwrite removes: all that Cloze writes into a run's folder, and nothing else that lies there.
bool is_of_a_run(std::string_view name) {
  constexpr std::array<std::string_view, 15> names = {config_name,
                                                      previous_config_name,
                                                      "metrics.jsonl",
                                                      "log.txt",
                                                      "checkpoints",
                                                      "latest",
                                                      "best",
                                                      "eval_results.txt",
                                                      "test_results.tsv",
                                                      "predictions.json",
                                                      "nbest_predictions.json",
                                                      "null_odds.json",
                                                      "further_pretraining",
                                                      "rendezvous.json",
                                                      run_facts_file};
  return name.starts_with("events.out.tfevents.") ||
         std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<fs::path> contents_of(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() != lock_file) found.push_back(entry.path());
  }
  return found;
}

void check_version(const fs::path& folder) {
  const std::string text = read_file(folder / version_file);
  int version = 0;
  const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (trouble != std::errc() || version < 1) {
    throw Error({.what = "the run's folder is damaged",
                 .where = (folder / version_file).string(),
                 .why = "it does not hold a version number"});
  }
  if (version > run_format_version) {
    throw Error({.what = "the run's folder was written by a newer Cloze",
                 .where = folder.string(),
                 .why = fmt::format("its format is {}, this program knows formats up to {}", version,
                                    run_format_version),
                 .remedy = "use a newer Cloze, or another output folder"});
  }
}

void check(const fs::path& folder, ExistingRun existing) {
  if (!fs::exists(folder)) return;
  if (!fs::is_directory(folder)) {
    throw UsageError(
        {.what = "the output is not a folder", .where = folder.string(), .why = "a file has this name"});
  }
  if (contents_of(folder).empty()) return;
  const bool is_run = fs::exists(folder / version_file);
  if (existing == ExistingRun::refuse) {
    throw UsageError({.what = "the output folder is not empty",
                      .where = folder.string(),
                      .remedy = is_run
                                    ? "--resume to go on with the run there, --overwrite to begin it again, "
                                      "or another output folder"
                                    : "name another output folder"});
  }
  if (!is_run) {
    throw UsageError({.what = existing == ExistingRun::resume ? "cannot resume" : "cannot overwrite",
                      .where = folder.string(),
                      .why = "the folder holds files, but not those of a run",
                      .remedy = "name another output folder"});
  }
  check_version(folder);
}

fs::path made(const fs::path& folder) {
  std::error_code trouble;
  fs::create_directories(folder, trouble);
  if (trouble) {
    throw Error(
        {.what = "cannot create the output folder", .where = folder.string(), .why = trouble.message()});
  }
  return folder;
}

// Looks before making anything, so that a refused folder stays as it is.
fs::path checked_and_made(fs::path folder, ExistingRun existing) {
  check(folder, existing);
  return made(folder);
}

}  // namespace

RunFolder::RunFolder(fs::path path, ExistingRun existing, std::string_view config_yaml)
    : path_(checked_and_made(std::move(path), existing)), existing_(existing), lock_(path_ / lock_file) {
  check(path_, existing_);  // again: another process may have filled it before we had the lock
  if (existing_ == ExistingRun::overwrite) {
    for (const fs::path& file : contents_of(path_)) {
      if (is_of_a_run(file.filename().string())) fs::remove_all(file);
    }
  }
  write_file(path_ / version_file, fmt::format("{}\n", run_format_version));
  write_config(config_yaml);
  take_log();
}

void RunFolder::take_log() const {
  log::set_file(path_ / "log.txt");
}

RunFolder::~RunFolder() {
  log::set_file({});
}

void RunFolder::write_config(std::string_view config_yaml) {
  const fs::path file = path_ / config_name;
  if (fs::exists(file)) previous_config_ = read_file(file);
  if (previous_config_ && *previous_config_ != config_yaml)
    write_file(path_ / previous_config_name, *previous_config_);
  write_file(file, config_yaml);
}

std::optional<Checkpoint> RunFolder::starting_point(CheckpointStore& store) {
  store.remove_partial();
  std::optional<Checkpoint> checkpoint = store.latest();
  const int64_t step = checkpoint ? checkpoint->manifest()->step : 0;
  store.set_aside_after(step);
  cut_metrics_after(metrics_file(), step);
  if (checkpoint) {
    log::info("resuming from {}", checkpoint->folder().string());
  } else if (existing_ == ExistingRun::resume) {
    log::info("{}: no checkpoint to resume from; starting fresh", path_.string());
  }
  return checkpoint;
}

}  // namespace cloze
