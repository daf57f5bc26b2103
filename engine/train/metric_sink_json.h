#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "engine/train/metric_sink.h"
#include "engine/train/metric_sink_file.h"

namespace cloze {

// metrics.jsonl: a JSON object per record, a line each, in the order they come:
//   {"step":100,"split":"train","time":1700000000.25,"loss":2.5,…}     null for a value that is not finite
class JsonMetricSink final : public MetricSink {
 public:
  // Appends to what is there.
  explicit JsonMetricSink(std::filesystem::path path) : file_(std::move(path)) {}

  void write(const MetricRecord& record) override;

 private:
  AppendedFile file_;
};

// For a run that goes on from `step`: takes out the records of later steps, and lines that a crash left
// incomplete. No file: nothing to do.
void cut_metrics_after(const std::filesystem::path& metrics_jsonl, int64_t step);

}  // namespace cloze
