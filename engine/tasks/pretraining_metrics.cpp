#include "engine/tasks/pretraining_metrics.h"

#include <cmath>

namespace cloze {
namespace {

double mean(double sum, int64_t count) {
  return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

}  // namespace

PretrainingMetrics& PretrainingMetrics::operator+=(const PretrainingMetrics& other) {
  tokens += other.tokens;
  sequences += other.sequences;
  predictions += other.predictions;
  masked_loss_sum += other.masked_loss_sum;
  masked_correct += other.masked_correct;
  mask_token_predictions += other.mask_token_predictions;
  mask_token_loss_sum += other.mask_token_loss_sum;
  mask_token_unigram_sum += other.mask_token_unigram_sum;
  next_loss_sum += other.next_loss_sum;
  next_correct += other.next_correct;
  return *this;
}

double PretrainingMetrics::loss() const {
  return masked_loss_sum / (static_cast<double>(predictions) + 1e-5) + next_loss();
}
double PretrainingMetrics::masked_loss() const {
  return mean(masked_loss_sum, predictions);
}
double PretrainingMetrics::masked_accuracy() const {
  return mean(static_cast<double>(masked_correct), predictions);
}
double PretrainingMetrics::perplexity() const {
  return std::exp(masked_loss());
}
double PretrainingMetrics::mask_token_loss() const {
  return mean(mask_token_loss_sum, mask_token_predictions);
}
double PretrainingMetrics::unigram_baseline() const {
  return mean(mask_token_unigram_sum, mask_token_predictions);
}
double PretrainingMetrics::next_loss() const {
  return mean(next_loss_sum, sequences);
}
double PretrainingMetrics::next_accuracy() const {
  return mean(static_cast<double>(next_correct), sequences);
}

}  // namespace cloze
