#pragma once

#include <cmath>
#include <optional>

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/runtime/engine.h"
#include "engine/train/checkpoint_writer.h"
#include "engine/train/pretrain_options.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/run_folder.h"
#include "engine/train/state_snapshot.h"
#include "engine/train/trainer_position.h"

namespace cloze {

// The folder of a pretraining run with its checkpoints: what the run goes on from and what it saves. On rank
// 0 only.
class PretrainCheckpoints {
 public:
  // Opens the run's folder. Throws Error or UsageError where it cannot be used (see RunFolder), or where a
  // run that is resumed was another one.
  // `sharded`: ranks hold shards of the moments, which SharedState brings together in snapshot().
  PretrainCheckpoints(const PretrainOptions& options, const PretrainSetup& setup, ExistingRun existing,
                      bool sharded);

  std::filesystem::path metrics_file() const { return folder_.metrics_file(); }

  // Reads the checkpoint to go on from into the engine, moments as take_optimizer() does; nullopt: there is
  // none, the run starts.
  std::optional<TrainerPosition> restore(Engine& engine);
  // State values of a checkpoint into the engine; moments too, or where ranks hold shards into snapshot().
  void take_optimizer(Engine& engine, const TensorSource& source);
  // Null where checkpoints are written from the engine's own memory.
  StateSnapshot* snapshot() { return snapshot_ ? &*snapshot_ : nullptr; }

  // What the best checkpoint is told by; NaN: not known.
  void note_score(double mask_token_loss) { mask_token_loss_ = mask_token_loss; }

  // Waits until the snapshot is free: the checkpoint before the one of `step` may still be written from it.
  void make_room(int64_t step);
  // Saves the engine's state, after make_room(). It is written while training goes on where
  // `checkpoint.asynchronous` says so; the last one of a run is waited for. A full disk must not cost the
  // run: what was saved before stays, and training goes on, unless this is the last one; then throws Error.
  void save(const Engine& engine, const TrainerPosition& position, bool last);

  // Whether a checkpoint has been written that log_written() has not told of.
  bool has_news() const { return writer_.unfinished() && writer_.done(); }
  // Logs how the checkpoint came out that was being written; waits for it.
  void log_written();

  // Whether such a run keeps a copy of its state to write from.
  static bool needs_snapshot(const PretrainOptions& options, bool sharded) {
    return sharded || writes_in_background(options);
  }

 private:
  static bool writes_in_background(const PretrainOptions& options) {
    const int64_t every = options.checkpoint.every;
    return options.checkpoint.asynchronous && every > 0 && every < options.training.steps;
  }
  CheckpointContents contents(int64_t step) const;
  SavedState state_to_write(const Engine& engine, bool last);

  const PretrainSetup& setup_;
  const bool keeps_best_, in_background_, sharded_;
  RunFolder folder_;
  CheckpointStore store_;
  std::optional<StateSnapshot> snapshot_;
  double mask_token_loss_ = std::nan("");
  bool said_that_it_waits_ = false;
  CheckpointWriter writer_;  // the last member: it may still write when this is destroyed
};

}  // namespace cloze
