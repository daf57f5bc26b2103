#include "engine/train/evaluation.h"

#include <algorithm>
#include <cmath>

namespace cloze {
namespace {

constexpr int64_t evaluation_sequences_per_step = 64;

LoaderOptions loader_options(const std::vector<Capacity>& ladder, int threads) {
  return {.batch = {BatchSize::Unit::sequences, evaluation_sequences_per_step},
          .ladder = ladder,
          .threads = threads,
          .steps_ahead = 2};
}

std::vector<Capacity> evaluation_ladder(const TrainingPhase& phase) {
  // Evaluation keeps no activations, so its own capacity costs no more memory than training's.
  const BatchSize batch{BatchSize::Unit::sequences, evaluation_sequences_per_step};
  return capacity_ladder(micro_batch_capacity(phase.instances, batch, phase.ladder.back().tokens));
}

// -Σ ln frequency over the labels at [MASK] inputs.
double unigram_loss_sum(const PretrainingBatch& batch, const std::vector<double>& log_frequencies) {
  double sum = 0;
  for (size_t i = 0; i < static_cast<size_t>(batch.live_predictions); ++i) {
    if (batch.prediction_kinds[i] == MaskKind::masked) {
      sum -= log_frequencies[static_cast<size_t>(batch.prediction_labels[i])];
    }
  }
  return sum;
}

}  // namespace

PretrainEvaluation::PretrainEvaluation(std::shared_ptr<const Corpus> corpus,
                                       std::vector<double> log_frequencies, const TrainingPhase& phase,
                                       int64_t sequences, uint64_t seed, int threads, int rank, int world)
    : log_frequencies_(std::move(log_frequencies)),
      ladder_(evaluation_ladder(phase)),
      loader_(std::move(corpus), phase.instances, seed, loader_options(ladder_, threads)) {
  const auto epoch = static_cast<int64_t>(loader_.plan().epoch_size(0).sequences);
  const int64_t steps = std::max<int64_t>(1, std::min(sequences, epoch) / evaluation_sequences_per_step);
  first_step_ = steps * rank / world;
  end_step_ = steps * (rank + 1) / world;
}

PretrainingMetrics PretrainEvaluation::run(PretrainingPrograms& programs,
                                           const std::function<void()>& progress) {
  PretrainingMetrics metrics;
  for (int64_t step = first_step_; step < end_step_; ++step) {
    const PretrainingStep& batch = loader_.next(step);
    for (const PretrainingBatch& micro_batch : batch.micro_batches) {
      PretrainingProgram& program = programs.evaluation(micro_batch.capacity);
      program.load(micro_batch, {.global_predictions = batch.global_predictions,
                                 .global_sequences = batch.global_sequences});
      program.run();
      metrics += program.metrics(micro_batch);
      metrics.mask_token_unigram_sum += unigram_loss_sum(micro_batch, log_frequencies_);
      progress();
    }
  }
  return metrics;
}

std::vector<double> log_frequencies(const Corpus& corpus) {
  const auto counts = corpus.unigrams();
  const double total = static_cast<double>(corpus.tokens()) + static_cast<double>(counts.size());
  std::vector<double> frequencies;
  for (const auto count : counts) frequencies.push_back(std::log((static_cast<double>(count) + 1) / total));
  return frequencies;
}

}  // namespace cloze
