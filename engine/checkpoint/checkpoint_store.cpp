#include "engine/checkpoint/checkpoint_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint_files.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view step_prefix = "step-";
constexpr const char* latest_link = "latest";
constexpr const char* best_link = "best";

// "step-300" -> 300; nothing for any other name, "step-0300" and "step-300.partial-17" among them.
std::optional<int64_t> step_of(std::string_view name) {
  if (!name.starts_with(step_prefix)) return std::nullopt;
  const std::string_view digits = name.substr(step_prefix.size());
  int64_t step = 0;
  const auto [end, trouble] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  const bool whole = trouble == std::errc() && end == digits.data() + digits.size();
  return whole && step >= 0 && std::to_string(step) == digits ? std::optional(step) : std::nullopt;
}

// Out of sight under a new name first: a removal cut short must not leave half a checkpoint.
void remove_folder(const fs::path& folder) {
  const fs::path partial = fs::path(folder) += fmt::format(".partial-{}", ::getpid());
  fs::remove_all(partial);
  fs::rename(folder, partial);
  fs::remove_all(partial);
}

// What a killed process leaves: "step-N.partial-PID" of a checkpoint, "NAME.PID-COUNT.partial" of a single
// file.
bool is_partial(std::string_view name) {
  const auto numbers = [](std::string_view text) {  // a process, or a process and a count
    return !text.empty() && text.find_first_not_of("0123456789-") == std::string_view::npos;
  };
  constexpr std::string_view folder_mark = ".partial-", file_ending = ".partial";
  if (const size_t mark = name.find(folder_mark);
      name.starts_with(step_prefix) && mark != std::string_view::npos) {
    return numbers(name.substr(mark + folder_mark.size()));
  }
  if (!name.ends_with(file_ending)) return false;
  name.remove_suffix(file_ending.size());
  const size_t dot = name.rfind('.');
  return dot != std::string_view::npos && numbers(name.substr(dot + 1));
}

std::optional<double> score_of(const fs::path& folder, const std::string& metric) {
  try {
    const auto manifest = read_checkpoint_manifest(folder);
    const bool scored = manifest && manifest->score && manifest->score->metric == metric;
    return scored ? std::optional(manifest->score->value) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // damaged: cannot be the best, and whoever opens it is told
  }
}

bool is_run(const fs::path& path) {
  return fs::is_directory(path / "checkpoints") && !fs::exists(path / config_file);
}

Checkpoint open_verified(const fs::path& folder) {
  Checkpoint checkpoint(folder);
  if (!checkpoint.manifest()) {
    throw Error({.what = "the checkpoint is damaged",
                 .where = folder.string(),
                 .why = fmt::format("it has no {}", trainer_state_file)});
  }
  checkpoint.verify(CheckpointFiles::all);
  return checkpoint;
}

}  // namespace

CheckpointStore::CheckpointStore(fs::path run_folder, Retention retention)
    : run_folder_(std::move(run_folder)), folder_(run_folder_ / "checkpoints"), retention_(retention) {
  if (retention_.keep_last < 1) {
    throw UsageError({.what = "at least one checkpoint must be kept",
                      .why = fmt::format("{} were to be kept", retention_.keep_last)});
  }
}

fs::path CheckpointStore::folder_of(int64_t step) const {
  return folder_ / fmt::format("{}{}", step_prefix, step);
}

std::vector<int64_t> CheckpointStore::steps() const {
  std::vector<int64_t> found;
  if (!fs::is_directory(folder_)) return found;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const auto step = step_of(entry.path().filename().string());
    if (step && entry.is_directory()) found.push_back(*step);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<int64_t> CheckpointStore::linked_step(const char* link) const {
  std::error_code trouble;
  const fs::path target = fs::read_symlink(run_folder_ / link, trouble);
  if (trouble) return std::nullopt;
  const auto step = step_of(target.filename().string());
  return step && fs::is_directory(folder_of(*step)) ? step : std::nullopt;
}

std::optional<Checkpoint> CheckpointStore::latest() const {
  std::vector<int64_t> candidates = steps();
  std::reverse(candidates.begin(), candidates.end());
  if (candidates.empty()) return std::nullopt;
  if (const auto linked = linked_step(latest_link)) {
    std::stable_partition(candidates.begin(), candidates.end(),
                          [&](int64_t step) { return step == *linked; });
  }
  for (const int64_t step : candidates) {
    try {
      return open_verified(folder_of(step));
    } catch (const Error& error) {
      log::warning("checkpoint of step {} passed over: {}", step, error.what());
    }
  }
  throw Error({.what = "no checkpoint of this run can be used",
               .where = folder_.string(),
               .why = fmt::format("all {} are damaged", candidates.size())});
}

std::optional<int64_t> CheckpointStore::best_step() const {
  if (!retention_.best) return std::nullopt;
  std::optional<int64_t> best;
  double best_value = 0;
  for (const int64_t step : steps()) {
    const auto score = score_of(folder_of(step), retention_.best->metric);
    if (!score) continue;
    const bool better = retention_.best->better == Better::lower ? *score < best_value : *score > best_value;
    if (!best || better) {
      best = step;
      best_value = *score;
    }
  }
  return best;
}

void CheckpointStore::save(const CheckpointContents& contents, const nlohmann::json& trainer_state) {
  write_checkpoint(folder_of(contents.step), contents, trainer_state);
  point(latest_link, contents.step);
  if (const auto best = best_step()) point(best_link, *best);
  remove_surplus(contents.step);
}

// Replaces the link in one step. A file system without links costs a convenience, not the run.
void CheckpointStore::point(const char* link, int64_t step) const {
  const fs::path temporary = run_folder_ / fmt::format("{}.{}.partial", link, ::getpid());
  std::error_code trouble;
  fs::remove(temporary, trouble);
  fs::create_symlink(fs::path("checkpoints") / folder_of(step).filename(), temporary, trouble);
  if (!trouble) fs::rename(temporary, run_folder_ / link, trouble);
  if (trouble) {
    log::warning("{}: cannot point to step {}: {}", (run_folder_ / link).string(), step, trouble.message());
    return;
  }
  sync_folder(run_folder_);
}

void CheckpointStore::remove_surplus(int64_t newest) {
  std::vector<int64_t> surplus = steps();
  const auto best = best_step();
  const size_t kept = std::min(surplus.size(), static_cast<size_t>(retention_.keep_last));
  surplus.resize(surplus.size() - kept);
  for (const int64_t step : surplus) {
    if (step == newest || step == best) continue;
    try {
      remove_folder(folder_of(step));
    } catch (const fs::filesystem_error& error) {
      log::warning("an old checkpoint stays: {}", error.what());
    }
  }
}

void CheckpointStore::remove_partial() {
  for (const fs::path& folder : {folder_, run_folder_}) {
    if (!fs::is_directory(folder)) continue;
    std::vector<fs::path> stale;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (is_partial(entry.path().filename().string())) stale.push_back(entry.path());
    }
    for (const fs::path& path : stale) {
      log::info("{}: left half-written by a run that was cut short; removed", path.string());
      fs::remove_all(path);
    }
  }
}

void CheckpointStore::set_aside_after(int64_t step) {
  for (const int64_t later : steps()) {
    if (later <= step) continue;
    const fs::path aside = fs::path(folder_of(later)) += set_aside_suffix;
    fs::remove_all(aside);
    fs::rename(folder_of(later), aside);
    log::warning("{}: later than step {}, from which training goes on; set aside as {}",
                 folder_of(later).string(), step, aside.filename().string());
  }
}

Checkpoint open_model(const fs::path& path, const OpenOptions& options) {
  if (!is_run(path)) {
    Checkpoint checkpoint(path, options);
    checkpoint.verify(CheckpointFiles::of_the_model);
    return checkpoint;
  }
  std::optional<Checkpoint> latest = CheckpointStore(path).latest();
  if (!latest) {
    throw Error({.what = "the run has no checkpoint yet", .where = path.string()});
  }
  return std::move(*latest);
}

Checkpoint open_model_unread(const fs::path& path) {
  return Checkpoint(is_run(path) ? path / latest_link : path);
}

}  // namespace cloze
