#include "engine/checkpoint/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/checkpoint/checkpoint_files.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/tensorflow_files.h"
#include "engine/checkpoint/tensorflow_weights.h"

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

// The manifest comes first, so that a damaged checkpoint is called so whatever else goes wrong in reading it.
std::optional<CheckpointManifest> checked_manifest(const fs::path& folder) {
  std::optional<CheckpointManifest> manifest = read_checkpoint_manifest(folder);
  if (manifest) check_sizes(folder, *manifest);
  return manifest;
}

[[noreturn]] void refuse_no_model(const fs::path& path) {
  if (fs::is_directory(path)) {
    throw Error({.what = "there is no model here",
                 .where = path.string(),
                 .why = fmt::format("it has no {} and no TensorFlow checkpoint (*.index)", config_file),
                 .remedy = "name a run folder, a checkpoint folder, a Hugging Face BERT folder, or a "
                           "TensorFlow checkpoint of google-research/bert"});
  }
  throw Error({.what = "cannot open the model",
               .where = path.string(),
               .why = fs::exists(path) ? "it is a file, not a folder" : "there is no such folder"});
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& path, const OpenOptions& options) {
  if (const auto folder = find_huggingface_folder(path)) {
    folder_ = *folder;
    manifest_ = checked_manifest(folder_);
    model_ = read_huggingface_model(folder_, options);
  } else if (const auto prefix = find_tensorflow_prefix(path)) {
    folder_ = prefix->parent_path();
    model_ = read_tensorflow_model(*prefix, options);
  } else {
    refuse_no_model(path);
  }
}

// A converted checkpoint may have the moments, but of Cloze's trainer it knows nothing.
bool Checkpoint::resumable() const {
  return manifest_ && has_moments() && !read_trainer_state(folder_).empty();
}

bool Checkpoint::has_moments() const {
  if (tensorflow() != nullptr) return !inventory_of(*tensorflow()).moments.empty();
  return manifest_ && manifest_->files.contains(optimizer_file);
}

std::optional<int64_t> Checkpoint::step() const {
  if (manifest_) return manifest_->step;
  return tensorflow() != nullptr ? global_step_of(*tensorflow()) : std::nullopt;
}

std::unique_ptr<TensorSource> Checkpoint::optimizer() const {
  if (!has_moments()) {
    throw Error({.what = "there is no training to resume here",
                 .where = folder_.string(),
                 .why = tensorflow() != nullptr
                            ? std::string("the TensorFlow checkpoint holds no adam_m and adam_v")
                            : fmt::format("the folder holds a model without {}", optimizer_file)});
  }
  if (tensorflow() != nullptr) return tensorflow_moments(model_.bundle);
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
    const MappedFile file(folder_ / name);
    file.read_ahead();
    if (record_of(file.bytes()) != record) {
      refuse_damaged(folder_ / name, "its digest is not the one written down for it");
    }
  }
}

}  // namespace cloze
