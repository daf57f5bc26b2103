#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/train/metric_sink.h"
#include "engine/train/metric_sink_file.h"

namespace cloze {

// Scalars for TensorBoard: an event file of its own per program start, in the run folder. The tags are
// "SPLIT/NAME".
class TensorBoardSink final : public MetricSink {
 public:
  // `first_step` is the first this program will report; TensorBoard drops what an earlier one reported from
  // there on.
  TensorBoardSink(const std::filesystem::path& folder, int64_t first_step, double wall_time);
  void write(const MetricRecord& record) override;
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  AppendedFile file_;
};

}  // namespace cloze
