#pragma once

#include <filesystem>
#include <optional>

#include "engine/train/job.h"
#include "engine/train/pretrain_options.h"
#include "engine/train/run_report.h"
#include "engine/train/trainer_position.h"

namespace cloze {

// What a pretraining run tells of its intervals (log.every steps) and evaluations. Every rank counts what it
// did; rank 0 shows and records the sums.
class PretrainReport {
 public:
  PretrainReport(Job& job, const PretrainOptions& options) : job_(job), options_(options) {}

  // Rank 0, before anything is shown: where records go, the steps done so far, and the FLOP/s that all ranks
  // could reach together.
  void open(const std::filesystem::path& metrics_file, int64_t step, double peak_flops_per_second);
  // An interval begins here.
  void begin_interval();

  void add(const PretrainingMetrics& micro_batch) { sums_.metrics += micro_batch; }
  void add_step(double flops) { sums_.flops += flops, ++steps_; }
  // Sums over the ranks: all call it. Ends the interval and begins the next.
  void show_interval(const TrainerPosition& position, double learning_rate, double gradient_norm);
  void show_evaluation(int64_t step, const PretrainingMetrics& metrics);
  // Takes a rewritten progress line away before something else is printed. Rank 0.
  void clear_progress() { report_->clear_progress(); }

  // While it lives, time is not counted to the interval: evaluation is not training.
  class Pause {
   public:
    explicit Pause(PretrainReport& report);
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    PretrainReport& report_;
    const double began_, waited_;
  };

 private:
  void show(const IntervalSums& sums, double seconds, const TrainerPosition& position, double learning_rate,
            double gradient_norm);

  Job& job_;
  const PretrainOptions& options_;
  std::optional<RunReport> report_;  // rank 0
  double peak_ = 0;                  // FLOP/s
  IntervalSums sums_;                // of this process since the last report
  double began_ = 0, waited_before_ = 0;
  int64_t steps_ = 0;
};

}  // namespace cloze
