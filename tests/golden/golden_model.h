#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/packed_batch.h"
#include "engine/model/bert_parameters.h"
#include "engine/tasks/pretraining_program.h"

// The model of tests/golden/model/ (its make_goldens.py says what each file holds), on a device of ours.
namespace cloze {

std::filesystem::path golden_folder();
std::map<std::string, std::vector<double>> read_doubles(const std::filesystem::path& safetensors);

// How far PyTorch's own float32 is from float64, and how large the tensor is (L2 norm).
struct PeerError {
  double float32_error = 0, norm = 0;
};
std::map<std::string, PeerError> read_errors(const std::filesystem::path& json, const std::string& run);
std::map<std::string, PeerError> read_errors(const std::string& run);  // of this model

// Whole sequences from the integers "<prefix>tokens", "<prefix>token_types", "<prefix>sequence_offsets".
PackedSequences packed_sequences(const std::map<std::string, std::vector<double>>& tensors,
                                 const std::string& prefix);

BertConfig golden_config(Activation activation = Activation::gelu_tanh);
PretrainingBatch golden_batch();
// Sequences [begin, end) of it as a batch of their own; dropout rows keep their global index.
PretrainingBatch part_of(const PretrainingBatch& batch, int64_t begin, int64_t end);

class GoldenModel {
 public:
  GoldenModel(DeviceKind device, BertConfig config, PretrainingCompileOptions options);

  // One step over micro-batches; the gradients stay in the engine.
  void step(const std::vector<PretrainingBatch>& micro_batches, const float* update_scalars,
            PhiloxKey key = {});
  PretrainingMetrics metrics;  // of the last step
  double gradient_norm = 0;

  std::vector<double> gradient(const std::string& name) const { return flat(Memory::gradients, name); }
  std::vector<double> parameter(const std::string& name) const { return flat(Memory::parameters, name); }
  const ParameterLayout& layout() const { return *layout_; }
  Engine& engine() { return *engine_; }
  const BertConfig& config() const { return config_; }

 private:
  std::vector<double> flat(Memory memory, const std::string& name) const;

  BertConfig config_;
  std::unique_ptr<ParameterLayout> layout_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<PretrainingPrograms> programs_;
};

// Update attributes with one segment per parameter; decay by BERT's rule.
UpdateAttributes update_attributes(const ParameterLayout& layout, UpdateRule rule, float weight_decay);

}  // namespace cloze
