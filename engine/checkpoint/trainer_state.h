#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "engine/checkpoint/checksummed_file.h"

namespace cloze {

constexpr int checkpoint_format_version = 1;
constexpr const char* trainer_state_file = "trainer_state.json";

// A value of a checkpoint that "the best" is chosen by, as "eval_loss".
struct Score {
  std::string metric;
  double value = 0;
};

// What trainer_state.json says of the checkpoint it lies in; written last.
struct CheckpointManifest {
  int64_t step = 0;                         // updates done when it was written
  std::optional<Score> score = {};          // a value that is not finite is left out
  std::map<std::string, FileRecord> files;  // every other file, by name
};

// The text of trainer_state.json: format version, manifest, the trainer's own state, and a digest of all
// this.
std::string trainer_state_text(const CheckpointManifest& manifest, const nlohmann::json& state);

// Reads and checks trainer_state.json in `folder`; nullopt where there is none, or where it is the file of
// the same name that transformers' Trainer writes. Throws Error where it is damaged or of a newer format.
std::optional<CheckpointManifest> read_checkpoint_manifest(const std::filesystem::path& folder);

// The trainer's own state; throws Error as above, and where there is none.
nlohmann::json read_trainer_state(const std::filesystem::path& folder);

}  // namespace cloze
