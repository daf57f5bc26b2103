#pragma once

#include <cmath>
#include <optional>

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/runtime/engine.h"
#include "engine/train/pretrain_options.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/run_folder.h"
#include "engine/train/trainer_position.h"

namespace cloze {

// The folder of a pretraining run with its checkpoints: what the run goes on from and what it saves. On rank
// 0 only.
class PretrainCheckpoints {
 public:
  // Opens the run's folder. Throws Error or UsageError where it cannot be used (see RunFolder), or where a
  // run that is resumed was another one.
  PretrainCheckpoints(const PretrainOptions& options, const PretrainSetup& setup, ExistingRun existing);

  std::filesystem::path metrics_file() const { return folder_.metrics_file(); }

  // Reads the checkpoint to go on from into the engine; nullopt: there is none, the run starts.
  std::optional<TrainerPosition> restore(Engine& engine);

  // What the best checkpoint is told by; NaN: not known.
  void note_score(double mask_token_loss) { mask_token_loss_ = mask_token_loss; }

  // A full disk must not cost the run: what was saved before stays, and training goes on, unless this is the
  // last chance; then throws Error.
  void save(const Engine& engine, const TrainerPosition& position, bool last_chance);

 private:
  CheckpointContents contents(int64_t step) const;

  const PretrainSetup& setup_;
  const bool keeps_best_;
  RunFolder folder_;
  CheckpointStore store_;
  double mask_token_loss_ = std::nan("");
};

}  // namespace cloze
