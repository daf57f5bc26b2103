#pragma once

#include <cstdint>

namespace cloze {

// Sums over any number of micro-batches; losses in nats.
struct PretrainingMetrics {
  int64_t tokens = 0, sequences = 0, predictions = 0;
  double masked_loss_sum = 0;  // over all predictions
  int64_t masked_correct = 0;
  int64_t mask_token_predictions = 0;  // those whose input is [MASK] (80% of them)
  double mask_token_loss_sum = 0;
  double mask_token_unigram_sum = 0;  // -Σ ln word frequency at [MASK] inputs; evaluation only
  double next_loss_sum = 0;           // over sequences
  int64_t next_correct = 0;

  PretrainingMetrics& operator+=(const PretrainingMetrics& other);

  // As google-research/bert trains: Σ / (predictions + 1e-5) + mean over sequences.
  double loss() const;
  double masked_loss() const;  // mean; 0 without predictions
  double masked_accuracy() const;
  double perplexity() const;       // exp(masked_loss)
  double mask_token_loss() const;  // on [MASK] inputs only: what the unigram baseline is compared with
  // The loss at the same inputs of a model that knows the word frequencies of the training corpus and nothing
  // else.
  double unigram_baseline() const;
  double next_loss() const;
  double next_accuracy() const;
};

}  // namespace cloze
