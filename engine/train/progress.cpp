#include "engine/train/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>

#include "engine/base/format.h"

namespace cloze {
namespace {

constexpr const char* to_line_start_and_erase = "\r\x1b[K";

std::string grouped(int64_t count) {
  std::string digits = std::to_string(count);
  for (auto i = static_cast<int64_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<size_t>(i), 1, ',');
  }
  return digits;
}

}  // namespace

std::string format_progress(const ProgressReport& report) {
  std::string text = fmt::format("step {}/{}  loss {:.4g}  lr {:.2e}  {} tokens/s", grouped(report.step),
                                 grouped(report.total_steps), report.loss, report.learning_rate,
                                 human_count(report.tokens_per_second));
  if (report.share_of_peak) text += fmt::format("  {} of peak", human_percent(*report.share_of_peak));
  const auto steps_left = static_cast<double>(std::max<int64_t>(report.total_steps - report.step, 0));
  return text + fmt::format("  {} left", human_duration(steps_left * report.seconds_per_step));
}

ProgressStyle progress_style(int descriptor) {
  return ::isatty(descriptor) == 1 ? ProgressStyle::rewritten_line : ProgressStyle::plain_lines;
}

Progress::Progress(std::ostream& output, ProgressStyle style, int columns)
    : output_(output), style_(style), columns_(static_cast<size_t>(std::max(columns, 1))) {}

Progress::~Progress() {
  if (shown_) output_ << "\n" << std::flush;
}

void Progress::report(const ProgressReport& report) {
  std::string text = format_progress(report);
  if (style_ == ProgressStyle::plain_lines) {
    output_ << text << "\n" << std::flush;
    return;
  }
  text.resize(std::min(text.size(), columns_ - 1));  // a line that wraps could not be taken back
  output_ << to_line_start_and_erase << text << std::flush;
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  output_ << to_line_start_and_erase << std::flush;
  shown_ = false;
}

}  // namespace cloze
