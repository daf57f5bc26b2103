#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint_names.h"
#include "engine/checkpoint/model_files.h"
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

// An opened checkpoint: one of Cloze's, any Hugging Face BERT folder, or a TensorFlow checkpoint of
// google-research/bert.
class Checkpoint {
 public:
  // `path` is the folder, or of a TensorFlow checkpoint also its prefix ("…/bert_model.ckpt"). Reads the
  // configuration, the tokenizer and the tensor headers, and compares file sizes. Throws Error.
  explicit Checkpoint(const std::filesystem::path& path, const OpenOptions& options = {});

  const std::filesystem::path& folder() const { return folder_; }
  const HuggingfaceConfig& config() const { return model_.config; }
  const HuggingfaceTokenizer& tokenizer() const { return model_.tokenizer; }
  const TensorSource& parameters() const { return *model_.parameters; }
  // All that a TensorFlow checkpoint holds, as it stands there; null for any other.
  const TensorBundle* tensorflow() const { return model_.bundle.get(); }

  // Nullopt for a folder that Cloze did not write.
  const std::optional<CheckpointManifest>& manifest() const { return manifest_; }
  // Whether Cloze wrote it with all that a run needs to go on as if it had never stopped.
  bool resumable() const;
  // Whether it holds the optimizer's moments: a resumable one, a training checkpoint of TensorFlow, or one
  // that was converted with them.
  bool has_moments() const;
  // Updates done, where it says so.
  std::optional<int64_t> step() const;
  // Throws Error where there are no moments.
  std::unique_ptr<TensorSource> optimizer() const;
  // Throws Error where it is not resumable.
  nlohmann::json trainer_state() const;

  // Compares digests; throws Error naming the file that changed since it was written. Nothing to compare: no
  // error.
  void verify(CheckpointFiles which) const;

 private:
  std::filesystem::path folder_;
  std::optional<CheckpointManifest> manifest_;
  ModelFiles model_;
};

}  // namespace cloze
