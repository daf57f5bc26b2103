#include "engine/train/finetune_report.h"

#include <fmt/core.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"

namespace cloze {

FinetuneReport::FinetuneReport(const std::filesystem::path& metrics_file, const FinetuneOptions& options,
                               int64_t step)
    : report_(metrics_file, options.output, options.log.tensorboard, step),
      interval_{.began = seconds_now()} {}

void FinetuneReport::add(const FinetuneStep& step) {
  interval_.loss += step.loss;
  interval_.tokens += step.tokens;
  ++interval_.steps;
  last_ = step;
}

void FinetuneReport::show_interval(const TrainerPosition& position, int64_t total_steps) {
  const double seconds = seconds_now() - interval_.began;
  const auto steps = static_cast<double>(interval_.steps);
  const ProgressReport line{.step = position.step,
                            .total_steps = total_steps,
                            .loss = interval_.loss / steps,
                            .learning_rate = last_.learning_rate,
                            .tokens_per_second = static_cast<double>(interval_.tokens) / seconds,
                            .seconds_per_step = seconds / steps};
  report_.show(line);
  report_.record(position.step, "train",
                 {{"loss", line.loss},
                  {"learning_rate", last_.learning_rate},
                  {"gradient_norm", last_.gradient_norm},
                  {"tokens_per_second", line.tokens_per_second},
                  {"skipped_steps", static_cast<double>(position.step - position.updates)}});
  interval_ = {.began = seconds_now()};
}

void FinetuneReport::show_evaluation(int64_t step, const TaskOutputs& outputs,
                                     const std::vector<TaskScore>& scores, double seconds) {
  interval_.began += seconds;
  std::string line = fmt::format("evaluation at step {}:", step);
  if (outputs.loss > 0) line += fmt::format(" loss {:.4f}", outputs.loss);
  std::vector<std::pair<std::string, double>> values{{"loss", outputs.loss}};
  for (const TaskScore& score : scores) {
    line += fmt::format(" {} {:.4f}", score.name, score.value);
    values.emplace_back(score.name, score.value);
  }
  report_.clear_progress();
  log::info("{}", line);
  report_.record(step, "eval", values);
}

}  // namespace cloze
