#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "engine/checkpoint/huggingface_config.h"
#include "engine/checkpoint/huggingface_tokenizer.h"
#include "engine/checkpoint/tensor_bundle.h"
#include "engine/checkpoint/tensor_source.h"

namespace cloze {

// What the caller knows of a model beyond its files.
struct OpenOptions {
  // Whether text is lowercased. A TensorFlow checkpoint does not say: unset, its folder's name or its
  // vocabulary decides (tensorflow_tokenizer.h). A Hugging Face folder does, mostly.
  std::optional<bool> lowercase = {};
};

// A model in one of the forms that other programs leave, opened: headers read, tensors not yet.
struct ModelFiles {
  HuggingfaceConfig config;
  HuggingfaceTokenizer tokenizer;
  std::unique_ptr<TensorSource> parameters;    // under transformers' names
  std::shared_ptr<const TensorBundle> bundle;  // of a TensorFlow checkpoint: all it holds
};

// These throw Error for what is missing or damaged, for a model that is no BERT, for a vocabulary or tensors
// of other sizes than the configuration says.

// The folder of config.json: `folder` itself, or where the modules.json of an older sentence-transformers
// folder says that its transformer lies ("0_Transformer"). Nullopt where neither is there.
std::optional<std::filesystem::path> find_huggingface_folder(const std::filesystem::path& folder);

// A folder with config.json.
ModelFiles read_huggingface_model(const std::filesystem::path& folder, const OpenOptions& options);
// A prefix as find_tensorflow_prefix() gives it; bert_config.json and vocab.txt lie beside it.
ModelFiles read_tensorflow_model(const std::filesystem::path& prefix, const OpenOptions& options);

}  // namespace cloze
