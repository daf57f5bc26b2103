#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace cloze {

enum class Better : uint8_t { lower, higher };

struct BestBy {
  std::string metric;  // of CheckpointContents::score
  Better better = Better::lower;
};

// Which checkpoints stay.
struct Retention {
  int keep_last = 3;                // at least 1
  std::optional<BestBy> best = {};  // also keep the best one; of equals, the first
};

// The checkpoints of one run:
//   checkpoints/step-N   each whole (see write_checkpoint)
//   latest, best         symbolic links to one of them: from_pretrained("run/latest") works
// The links are for people and other programs; where one is missing or dangles, scanning takes its place.
class CheckpointStore {
 public:
  explicit CheckpointStore(std::filesystem::path run_folder, Retention retention = {});

  // The steps there is a checkpoint of, ascending; whether they are good is not looked at.
  std::vector<int64_t> steps() const;
  std::filesystem::path folder_of(int64_t step) const;

  // The checkpoint `latest` points to, or else the newest: the first whose every digest is right. A damaged
  // one is passed over with a warning. Nullopt where no checkpoint was ever written; throws Error where all
  // are damaged.
  std::optional<Checkpoint> latest() const;
  // Nullopt where Retention names no metric, or no checkpoint has a score of it.
  std::optional<int64_t> best_step() const;

  // What a writer does (one at a time: the run folder's lock sees to it).
  // Writes step-N for contents.step, moves the links, removes what Retention does not keep. Throws Error
  // where the checkpoint could not be written; the older ones are then all there.
  void save(const CheckpointContents& contents, const nlohmann::json& trainer_state);
  // Removes what a killed writer left half-written.
  void remove_partial();
  // Training goes on from `step`: later checkpoints (damaged, or of a future that is given up) are renamed to
  // step-N.set-aside, so that nothing mistakes them for the run's own.
  void set_aside_after(int64_t step);

 private:
  std::optional<int64_t> linked_step(const char* link) const;
  void point(const char* link, int64_t step) const;
  void remove_surplus(int64_t newest);

  std::filesystem::path run_folder_, folder_;
  Retention retention_;
};

// The checkpoint that `--model PATH` means: a checkpoint folder or any Hugging Face folder itself; of a run
// folder the latest good checkpoint; a TensorFlow checkpoint by its folder or its prefix. Throws Error where
// there is none, or its model's files are damaged.
Checkpoint open_model(const std::filesystem::path& path, const OpenOptions& options = {});
// The same without reading the files through to compare their digests: whoever calls has them compared
// meanwhile (Checkpoint::verify), and turns to open_model() where they differ or anything else goes wrong.
Checkpoint open_model_unread(const std::filesystem::path& path);

}  // namespace cloze
