#pragma once

#include <cstdint>
#include <memory>

#include "engine/data/pretraining_loader.h"
#include "engine/tasks/late_steps.h"
#include "engine/tasks/pretraining_program.h"
#include "engine/train/evaluation.h"
#include "engine/train/job.h"
#include "engine/train/pretrain_report.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/trainer_position.h"

namespace cloze {

// The steps of a pretraining run on one rank: its batches, its programs, and what steps say, which on a GPU
// is heard a step late.
class PretrainTraining {
 public:
  // All that is given outlives this. Programs sum gradients as the job says; the report hears of every
  // micro-batch.
  PretrainTraining(const PretrainOptions& options, const PretrainSetup& setup, Job& job, Engine& engine,
                   PretrainReport& report);

  // Of the last step begun, and of the last one heard of.
  double learning_rate() const { return rate_; }
  double gradient_norm() const { return gradient_norm_; }

  // A step; `position` counts it. Returns the signal that asks to stop after it, or 0. Throws Error where the
  // run ends because gradients are not finite.
  int train(TrainerPosition& position);
  // Hears of all steps that were begun.
  void catch_up(TrainerPosition& position) { hear(position, 0); }

  // On the validation corpus, as after `step` steps; summed over all ranks.
  PretrainingMetrics evaluate(int64_t step);
  // The first instances of the run, as people read them, into the log.
  void show_examples();

 private:
  PretrainingLoader& loader_for(const TrainingPhase& phase);
  const PretrainingStep& batch_of(int64_t step);
  int64_t steps_behind() const;
  int64_t updates_before(const TrainerPosition& position) const;
  void hear(TrainerPosition& position, int64_t behind);
  void not_finite(int64_t step, const TrainerPosition& position);
  std::string first_not_finite(int64_t step, int64_t updates);

  const PretrainOptions& options_;
  const PretrainSetup& setup_;
  Job& job_;
  Engine& engine_;
  PretrainReport& report_;
  PretrainingPrograms programs_;
  LateSteps late_;
  std::unique_ptr<PretrainingLoader> loader_;       // of loader_phase_
  std::unique_ptr<PretrainEvaluation> evaluation_;  // likewise
  const TrainingPhase* loader_phase_ = nullptr;
  double rate_ = 0, gradient_norm_ = 0;
};

}  // namespace cloze
