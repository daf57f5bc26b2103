#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/observe/run_record.h"

namespace cloze {

struct ChartLine {
  std::string name;     // "training"
  std::string run;      // where there are several
  size_t colour = 0;    // 0 to 7: one per run
  bool marked = false;  // a dot at every point: evaluations
  Series points;
};

// A value that holds for all steps: a baseline.
struct ChartLevel {
  std::string name;
  double value = 0;
};

struct LineChart {
  std::string title;
  std::string unit;  // of the values; may be empty
  std::vector<ChartLine> lines;
  std::vector<ChartLevel> levels;
  bool logarithmic = false;  // where all values are above zero
};

constexpr size_t chart_colours = 8;

// A figure with an SVG drawing and its legend, in the classes of report_style(). Curves of more than 300
// points are drawn as means of stretches, with a band from their least to their greatest value.
std::string figure(const LineChart& chart);

// Means of `count` stretches of equal length in steps, or the series itself where it is shorter.
struct Stretch {
  double step = 0, mean = 0, least = 0, most = 0;
};
std::vector<Stretch> stretches(const Series& series, size_t count);

}  // namespace cloze
