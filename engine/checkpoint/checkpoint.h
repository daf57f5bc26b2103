#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/huggingface_config.h"
#include "engine/checkpoint/huggingface_tokenizer.h"
#include "engine/checkpoint/tensor_source.h"
#include "engine/checkpoint/trainer_state.h"

// A checkpoint is a Hugging Face model folder:
//   config.json  model.safetensors  vocab.txt  tokenizer_config.json
// and, where training is to go on from it,
//   optimizer.safetensors  the optimizer's moments and the graph's state values, under whole parameters'
//   names trainer_state.json     format version, step, the trainer's own state, size and digest of every
//   other file
// Nothing in it depends on the number of processes that wrote it.
namespace cloze {

// Under these names a parameter's moments lie in optimizer.safetensors, and a graph's state value (an FP8
// scale, say).
std::string first_moment_name(std::string_view parameter);   // "<parameter>/first_moment"
std::string second_moment_name(std::string_view parameter);  // "<parameter>/second_moment"
std::string state_value_name(std::string_view value);        // "state/<value>"

// What is written. Tensors are views: their memory must stay as it is until the write returns; a writer on
// another thread keeps `memory` alive for that.
struct CheckpointContents {
  HuggingfaceConfig config;
  HuggingfaceTokenizer tokenizer;  // with its vocabulary
  // Hugging Face names, vocabulary rows unpadded, the tied decoder left out.
  std::vector<NamedTensor> parameters;
  std::vector<NamedTensor> optimizer = {};  // empty: a model to use, not to train on
  int64_t step = 0;
  std::optional<Score> score = {};
  std::shared_ptr<const void> memory = {};
};

// Writes the folder whole or not at all: aside as "<folder>.partial-PID", files and folders fsynced, then
// renamed. A checkpoint that lies at `folder` already is exchanged for the new one. `trainer_state` is an
// object. Throws Error (a full disk, say), and then what was there before is untouched and nothing is left
// behind.
void write_checkpoint(const std::filesystem::path& folder, const CheckpointContents& contents,
                      const nlohmann::json& trainer_state);

enum class CheckpointFiles { of_the_model, all };

// An opened checkpoint: one of Cloze's, or any Hugging Face BERT folder.
class Checkpoint {
 public:
  // Reads the configuration, the tokenizer and the tensor headers, and compares file sizes. Throws Error.
  explicit Checkpoint(std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  const HuggingfaceConfig& config() const { return config_; }
  const HuggingfaceTokenizer& tokenizer() const { return tokenizer_; }
  const TensorSource& parameters() const { return *parameters_; }

  // Nullopt for a folder that Cloze did not write.
  const std::optional<CheckpointManifest>& manifest() const { return manifest_; }
  bool resumable() const;
  // These throw Error where the folder is not resumable.
  std::unique_ptr<TensorSource> optimizer() const;
  nlohmann::json trainer_state() const;

  // Compares digests; throws Error naming the file that changed since it was written. Nothing to compare: no
  // error.
  void verify(CheckpointFiles which) const;

 private:
  std::filesystem::path folder_;
  std::optional<CheckpointManifest> manifest_;
  HuggingfaceConfig config_;
  HuggingfaceTokenizer tokenizer_;
  std::unique_ptr<TensorSource> parameters_;
};

}  // namespace cloze
