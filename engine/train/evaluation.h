#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/tasks/pretraining_program.h"
#include "engine/train/pretrain_setup.h"

namespace cloze {

// Pretraining losses on a held-out corpus: the same sequences and masks every time, dropout off.
class PretrainEvaluation {
 public:
  // At most `sequences` sequences, and at most one epoch; of these the share of `rank` among `world`
  // processes. `log_frequencies` are those of the training corpus.
  PretrainEvaluation(std::shared_ptr<const Corpus> corpus, std::vector<double> log_frequencies,
                     const TrainingPhase& phase, int64_t sequences, uint64_t seed, int threads, int rank = 0,
                     int world = 1);

  // Calls `progress` after every micro-batch.
  PretrainingMetrics run(PretrainingPrograms& programs, const std::function<void()>& progress);

 private:
  std::vector<double> log_frequencies_;  // [vocabulary]
  std::vector<Capacity> ladder_;
  int64_t first_step_ = 0, end_step_ = 0;
  PretrainingLoader loader_;
};

// ln of the add-one smoothed frequency of every piece of a corpus's vocabulary.
std::vector<double> log_frequencies(const Corpus& corpus);

}  // namespace cloze
