#pragma once

#include <memory>
#include <vector>

#include "engine/tasks/pretraining_program.h"
#include "engine/train/pretrain_setup.h"

namespace cloze {

struct PretrainEvaluationResult {
  PretrainingMetrics metrics;
  // The loss of a model that knows the word frequencies of the training corpus (add-one smoothed) and nothing
  // else, on the very same [MASK] inputs: what metrics.mask_token_loss() is held against.
  double unigram_baseline = 0;
};

// Pretraining losses on a held-out corpus: the same sequences and masks every time, dropout off.
class PretrainEvaluation {
 public:
  // At most `sequences` sequences, and at most one epoch. `log_frequencies` are those of the training corpus.
  PretrainEvaluation(std::shared_ptr<const Corpus> corpus, std::vector<double> log_frequencies,
                     const TrainingPhase& phase, int64_t sequences, uint64_t seed, int threads);

  PretrainEvaluationResult run(PretrainingPrograms& programs);

 private:
  std::vector<double> log_frequencies_;  // [vocabulary]
  std::vector<Capacity> ladder_;
  int64_t steps_ = 0;
  PretrainingLoader loader_;
};

// ln of the add-one smoothed frequency of every piece of a corpus's vocabulary.
std::vector<double> log_frequencies(const Corpus& corpus);

}  // namespace cloze
