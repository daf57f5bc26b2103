#include "engine/train/pretrain_report.h"

#include <algorithm>

#include "engine/base/clock.h"
#include "engine/base/log.h"

namespace cloze {

void PretrainReport::open(const std::filesystem::path& metrics_file, int64_t step,
                          double peak_flops_per_second) {
  peak_ = peak_flops_per_second;
  report_.emplace(metrics_file, options_.output, options_.log.tensorboard, step);
}

void PretrainReport::begin_interval() {
  sums_ = {};
  steps_ = 0;
  began_ = seconds_now();
  waited_before_ = job_.communicator().seconds_waited();
}

PretrainReport::Pause::Pause(PretrainReport& report)
    : report_(report), began_(seconds_now()), waited_(report.job_.communicator().seconds_waited()) {}

PretrainReport::Pause::~Pause() {
  report_.began_ += seconds_now() - began_;
  report_.waited_before_ += report_.job_.communicator().seconds_waited() - waited_;
}

void PretrainReport::show_interval(const TrainerPosition& position, double learning_rate,
                                   double gradient_norm) {
  const double seconds = seconds_now() - began_;
  sums_.busy_seconds = seconds - (job_.communicator().seconds_waited() - waited_before_);
  const IntervalSums sums = job_.sum(sums_);
  if (job_.leads()) show(sums, seconds, position, learning_rate, gradient_norm);
  begin_interval();
}

void PretrainReport::show(const IntervalSums& sums, double seconds, const TrainerPosition& position,
                          double learning_rate, double gradient_norm) {
  const PretrainingMetrics& m = sums.metrics;
  const double tokens_per_second = static_cast<double>(m.tokens) / seconds,
               flops_per_second = sums.flops / seconds;
  // Measured while another program ran, the peak may have been too low.
  peak_ = std::max(peak_, flops_per_second);
  report_->show({.step = position.step,
                 .total_steps = options_.training.steps,
                 .loss = m.loss(),
                 .learning_rate = learning_rate,
                 .tokens_per_second = tokens_per_second,
                 .seconds_per_step = seconds / static_cast<double>(steps_),
                 .share_of_peak = flops_per_second / peak_});
  std::vector<std::pair<std::string, double>> values{
      {"loss", m.loss()},
      {"masked_language_loss", m.masked_loss()},
      {"masked_language_accuracy", m.masked_accuracy()},
      {"next_sentence_loss", m.next_loss()},
      {"next_sentence_accuracy", m.next_accuracy()},
      {"learning_rate", learning_rate},
      {"gradient_norm", gradient_norm},
      {"tokens", static_cast<double>(m.tokens)},
      {"tokens_per_second", tokens_per_second},
      {"flops_per_second", flops_per_second},
      {"share_of_peak", flops_per_second / peak_},
      {"skipped_steps", static_cast<double>(position.step - position.updates)}};
  if (job_.size() > 1)
    values.emplace_back("waiting_share", 1 - sums.busy_seconds / (job_.size() * seconds));  // for other ranks
  report_->record(position.step, "train", std::move(values));
}

void PretrainReport::show_evaluation(int64_t step, const PretrainingMetrics& m) {
  report_->clear_progress();
  log::info(
      "evaluation at step {}: masked-LM loss {:.4f} (perplexity {:.1f}, accuracy {:.1f} %), on [MASK] "
      "inputs {:.4f} "
      "(word frequencies alone: {:.4f}), next sentence {:.1f} %",
      step, m.masked_loss(), m.perplexity(), 100 * m.masked_accuracy(), m.mask_token_loss(),
      m.unigram_baseline(), 100 * m.next_accuracy());
  report_->record(step, "eval",
                  {{"loss", m.loss()},
                   {"masked_language_loss", m.masked_loss()},
                   {"masked_language_accuracy", m.masked_accuracy()},
                   {"perplexity", m.perplexity()},
                   {"mask_token_loss", m.mask_token_loss()},
                   {"unigram_baseline", m.unigram_baseline()},
                   {"next_sentence_loss", m.next_loss()},
                   {"next_sentence_accuracy", m.next_accuracy()}});
}

}  // namespace cloze
