#include "engine/train/run_report.h"

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "engine/base/error.h"
#include "engine/base/log.h"

namespace cloze {
namespace {

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

RunReport::RunReport(const std::filesystem::path& metrics_file, const std::filesystem::path& output,
                     bool tensorboard, int64_t step)
    : json_sink_(metrics_file), style_(progress_style(STDERR_FILENO)), progress_(std::cerr, style_) {
  if (tensorboard) tensorboard_.emplace(output, step + 1, wall_time());
}

void RunReport::show(const ProgressReport& report) {
  if (style_ == ProgressStyle::plain_lines) return log::info("{}", format_progress(report));
  progress_.report(report);
}

void RunReport::record(int64_t step, const char* split, std::vector<std::pair<std::string, double>> values) {
  const MetricRecord record{
      .step = step, .split = split, .wall_time = wall_time(), .values = std::move(values)};
  json_sink_.write(record);
  if (tensorboard_) tensorboard_->write(record);
}

void skip_or_stop(const SkippedStep& step) {
  const bool stop = step.policy == NonFinitePolicy::stop;
  if (stop || step.in_a_row > step.most) {
    throw Error({.what = step.what,
                 .where = step.output.string(),
                 .why = stop ? "`training.non_finite` is `stop`"
                             : fmt::format("{} steps in a row were skipped", step.in_a_row),
                 .remedy = step.remedy});
  }
  log::warning("{}; the step is skipped ({} in a row)", step.what, step.in_a_row);
}

}  // namespace cloze
