#include "engine/checkpoint/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/checkpoint/checkpoint_files.h"
#include "engine/checkpoint/huggingface_weights.h"
#include "engine/checkpoint/safetensors.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_damaged(const fs::path& file, std::string why) {
  throw Error({.what = "the checkpoint is damaged",
               .where = file.string(),
               .why = std::move(why),
               .remedy = "use the checkpoint before it"});
}

void check_sizes(const fs::path& folder, const CheckpointManifest& manifest) {
  for (const auto& [name, record] : manifest.files) {
    std::error_code trouble;
    const uint64_t bytes = fs::file_size(folder / name, trouble);
    if (trouble) refuse_damaged(folder / name, trouble.message());
    if (bytes != record.bytes) {
      refuse_damaged(folder / name, fmt::format("it has {} bytes, {} were written", bytes, record.bytes));
    }
  }
}

fs::path existing_folder(fs::path folder) {
  if (!fs::is_directory(folder)) {
    throw Error({.what = "cannot open the model",
                 .where = folder.string(),
                 .why = fs::exists(folder) ? "it is a file, not a folder" : "there is no such folder"});
  }
  return folder;
}

// The manifest comes first, so that a damaged checkpoint is called so whatever else goes wrong in reading it.
std::optional<CheckpointManifest> checked_manifest(const fs::path& folder) {
  std::optional<CheckpointManifest> manifest = read_checkpoint_manifest(folder);
  if (manifest) check_sizes(folder, *manifest);
  return manifest;
}

HuggingfaceConfig checked_config(const fs::path& folder) {
  if (fs::exists(folder / config_file)) return read_huggingface_config(folder / config_file);
  throw Error({.what = "there is no model here",
               .where = folder.string(),
               .why = fmt::format("it has no {}", config_file),
               .remedy = "name a run folder, a checkpoint folder, or a Hugging Face BERT folder"});
}

}  // namespace

std::string first_moment_name(std::string_view parameter) {
  return fmt::format("{}/first_moment", parameter);
}
std::string second_moment_name(std::string_view parameter) {
  return fmt::format("{}/second_moment", parameter);
}
std::string state_value_name(std::string_view value) {
  return fmt::format("state/{}", value);
}

Checkpoint::Checkpoint(fs::path folder)
    : folder_(existing_folder(std::move(folder))),
      manifest_(checked_manifest(folder_)),
      config_(checked_config(folder_)),
      tokenizer_(read_huggingface_tokenizer(folder_)),
      parameters_(open_huggingface_weights(folder_)) {
  if (tokenizer_.vocabulary->size() > config_.bert.vocabulary_size) {
    throw Error({.what = "the vocabulary does not fit the model",
                 .where = folder_.string(),
                 .why = fmt::format("it has {} pieces, the model has embeddings for {}",
                                    tokenizer_.vocabulary->size(), config_.bert.vocabulary_size)});
  }
}

bool Checkpoint::resumable() const {
  return manifest_ && manifest_->files.contains(optimizer_file);
}

std::unique_ptr<TensorSource> Checkpoint::optimizer() const {
  if (!resumable()) {
    throw Error({.what = "there is no training to resume here",
                 .where = folder_.string(),
                 .why = fmt::format("the folder holds a model without {}", optimizer_file)});
  }
  return std::make_unique<SafetensorsFile>(folder_ / optimizer_file);
}

nlohmann::json Checkpoint::trainer_state() const {
  return read_trainer_state(folder_);
}

void Checkpoint::verify(CheckpointFiles which) const {
  if (!manifest_) return;
  check_sizes(folder_, *manifest_);
  for (const auto& [name, record] : manifest_->files) {
    if (which == CheckpointFiles::of_the_model && name == optimizer_file) continue;
    if (record_of(MappedFile(folder_ / name).bytes()) != record) {
      refuse_damaged(folder_ / name, "its digest is not the one written down for it");
    }
  }
}

}  // namespace cloze
