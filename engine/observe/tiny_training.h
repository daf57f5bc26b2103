#pragma once

#include <memory>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/data/packed_batch.h"
#include "engine/graph/parameters.h"
#include "engine/model/bert_config.h"
#include "engine/runtime/engine.h"
#include "engine/tasks/pretraining_program.h"

namespace cloze {

// A BERT of two layers that learns one made-up batch by heart: enough to see whether a device computes as it
// should. The same weights, tokens and dropout on every device.
class TinyTraining {
 public:
  explicit TinyTraining(DeviceKind device);

  struct Step {
    double loss = 0, gradient_norm = 0;
  };
  Step step(std::vector<LaunchTime>* times = nullptr);  // `times`: of its launches

  Engine& engine() { return *engine_; }
  const ParameterLayout& layout() const { return layout_; }
  // Of parameters, moments and a made-up vocabulary; views of the engine's memory where the host can read it.
  CheckpointContents checkpoint() const;

 private:
  BertConfig config_;
  ParameterLayout layout_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<PretrainingPrograms> programs_;
  PretrainingBatch batch_;
  int64_t steps_ = 0;
};

}  // namespace cloze
