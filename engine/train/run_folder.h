#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/file_lock.h"
#include "engine/checkpoint/checkpoint_store.h"

namespace cloze {

constexpr int run_format_version = 1;

// What to do with an output folder that is not empty.
enum class ExistingRun : uint8_t { refuse, resume, overwrite };

// A run's folder, held by one writer at a time:
//   format_version   what makes it a run's folder
//   config.yaml      resolved; where a resumed run's differs, the former is kept as config.previous.yaml
//   further_pretraining/  (of fine-tuning: a run inside the run)
//   run.json         what it was computed on (run_facts.h)
//   log.txt  metrics.jsonl  events.out.tfevents.*  checkpoints/step-N/  latest  best
//   run.lock
class RunFolder {
 public:
  // Makes the folder or takes over the one there, locks it, writes `config_yaml`, and sends the log to
  // log.txt too.
  //   refuse:    UsageError where the folder holds anything.
  //   resume:    a run's folder, an empty or a missing one; UsageError for any other.
  //   overwrite: likewise; what Cloze wrote there before is removed, other files stay.
  // Throws Error where another process holds the lock, or a newer Cloze wrote the folder; it is then as
  // before.
  RunFolder(std::filesystem::path path, ExistingRun existing, std::string_view config_yaml);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  // The checkpoint to go on from, its digests checked; what came after it (later checkpoints, metrics) is put
  // out of the way. Nullopt: start at step 0; under `resume` the log says so. Throws Error where every
  // checkpoint is damaged.
  std::optional<Checkpoint> starting_point(CheckpointStore& store);

  // Sends the log to log.txt again, after a run inside this one had it.
  void take_log() const;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path metrics_file() const { return path_ / "metrics.jsonl"; }
  // The config.yaml that was there before, under `resume`.
  const std::optional<std::string>& previous_config() const { return previous_config_; }

 private:
  void write_config(std::string_view config_yaml);

  std::filesystem::path path_;
  ExistingRun existing_;
  FileLock lock_;
  std::optional<std::string> previous_config_;
};

}  // namespace cloze
