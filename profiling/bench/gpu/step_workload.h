#pragma once

#include <string>
#include <vector>

#include "engine/data/packed_batch.h"
#include "engine/model/flops.h"

namespace cloze::bench {

// A model and the batches that it is trained on, one a step, over and over.
struct StepWorkload {
  BertConfig config;
  std::vector<PretrainingBatch> batches;
  std::vector<BatchCounts> counts;  // of each batch
};

// As step_rates.h says. Throws UsageError where there is none of that name.
StepWorkload step_workload(const std::string& name, const std::string& lengths_file);

}  // namespace cloze::bench
