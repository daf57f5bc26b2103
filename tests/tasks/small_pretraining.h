#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/data/packed_batch.h"
#include "engine/model/bert_parameters.h"
#include "engine/tasks/pretraining_program.h"

// A small BERT over made-up sequences: what the tests of graph, passes, runtime and tasks run.
namespace cloze::testing {

// 2 layers, hidden size 24, 3 heads, 70 pieces; no dropout.
BertConfig small_config(float dropout = 0);
// The same with hidden size 64, 4 heads and 128 between: sizes that FP8 takes.
BertConfig config_of_64(float dropout = 0);

struct Sequence {
  std::vector<int32_t> tokens, token_types;
  std::vector<int32_t> prediction_positions, prediction_labels;  // positions ascend
  int32_t next_label = 0;
};
// Ragged lengths of 3 to 9 tokens and 1 to 3 predictions; every third has none. A pure function of `seed`.
std::vector<Sequence> made_up_sequences(const BertConfig& config, int64_t count, uint32_t seed = 1);
std::vector<Sequence> with_a_prediction_each(std::vector<Sequence> sequences);

Capacity counts_of(std::span<const Sequence> sequences);
// The sequences back to back; `first_index` is the first one's place in the global batch.
PretrainingBatch pack(std::span<const Sequence> sequences, int64_t first_index, const Capacity& capacity);
PretrainingBatch pack(std::span<const Sequence> sequences, int64_t first_index = 0);
// Micro-batches of `size` sequences each.
std::vector<PretrainingBatch> micro_batches(std::span<const Sequence> sequences, size_t size);

// AdamW over all parameters: decay 0.01 of matrices, clipping at norm 1.
UpdateAttributes adamw_of(const ParameterLayout& layout);

// An initialised model on a device.
class SmallModel {
 public:
  SmallModel(DeviceKind device, const BertConfig& config, PretrainingCompileOptions options = {},
             Precision precision = Precision::full);
  // On the engine that `make` gives for so many elements.
  SmallModel(const std::function<std::unique_ptr<Engine>(int64_t elements)>& make, const BertConfig& config,
             PretrainingCompileOptions options = {});

  // The gradients of one step (learning rate 0: no update); they stay in the engine.
  void differentiate(const std::vector<PretrainingBatch>& batches, PhiloxKey key = {});
  void update(const std::vector<PretrainingBatch>& batches, float learning_rate, PhiloxKey key = {});

  std::vector<double> flat(Memory memory) const;
  Engine& engine() { return *engine_; }
  const ParameterLayout& layout() const { return *layout_; }
  PretrainingPrograms& programs() { return *programs_; }

  // Of the last step.
  PretrainingMetrics metrics;
  double gradient_norm = 0;
  bool skipped = false;

 private:
  void step(const std::vector<PretrainingBatch>& batches, bool last_updates, float learning_rate,
            PhiloxKey key);

  std::unique_ptr<ParameterLayout> layout_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<PretrainingPrograms> programs_;
};

// Does the GPU multiply what that precision asks for? FP8 begins with compute capability 8.9.
bool gpu_multiplies(Precision precision);

// The largest difference, relative to the largest value of `b`; infinite where a value is not finite.
double largest_relative_error(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace cloze::testing
