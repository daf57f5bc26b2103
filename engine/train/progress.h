#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

namespace cloze {

// How far a run is, at one moment.
struct ProgressReport {
  int64_t step = 0, total_steps = 0;
  double loss = 0;
  double learning_rate = 0;
  double tokens_per_second = 0;  // real tokens, no padding
  double seconds_per_step = 0;
  std::optional<double> share_of_peak =
      {};  // useful FLOP/s over the device's peak, 0 to 1, where a peak is known
};

// "step 1,200/10,000  loss 2.345  lr 1.00e-04  12.3 k tokens/s  41.0 % of peak  2 h 13 min left"
std::string format_progress(const ProgressReport& report);

enum class ProgressStyle : uint8_t {
  rewritten_line,  // for a terminal: one line, always the same
  plain_lines,     // for a file or a pipe: a line per report
};

// The style that suits an open file, such as STDERR_FILENO.
ProgressStyle progress_style(int descriptor);

class Progress {
 public:
  // `columns` is the width a rewritten line must stay within.
  Progress(std::ostream& output, ProgressStyle style, int columns = 110);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void report(const ProgressReport& report);
  // Takes a rewritten line away, so that something else can be printed; the next report brings it back.
  void clear();

 private:
  std::ostream& output_;
  ProgressStyle style_;
  size_t columns_;
  bool shown_ = false;
};

}  // namespace cloze
