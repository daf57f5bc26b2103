#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cloze {

// Measured values after `step` updates.
struct MetricRecord {
  int64_t step = 0;
  std::string split;     // "train", "eval": what was measured on
  double wall_time = 0;  // seconds since 1970
  std::vector<std::pair<std::string, double>> values;
};

// Where measured values go.
class MetricSink {
 public:
  virtual ~MetricSink() = default;
  // The record can be read by others when this returns.
  virtual void write(const MetricRecord& record) = 0;
};

}  // namespace cloze
