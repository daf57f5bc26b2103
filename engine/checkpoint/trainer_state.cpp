#include "engine/checkpoint/trainer_state.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void refuse(const fs::path& file, std::string why) {
  throw Error({.what = "the checkpoint is damaged", .where = file.string(), .why = std::move(why)});
}

// The digest is over the canonical text (keys sorted, no spaces), so that the file itself may be laid out for
// people.
std::string digest_of(json document) {
  document.erase("digest");
  return digest(document.dump());
}

// transformers' Trainer keeps a file of the same name beside its checkpoints.
bool is_of_transformers(const json& document) {
  return document.contains("log_history") && !document.contains("format_version");
}

void check(const json& document, const fs::path& file) {
  const auto version = document.find("format_version");
  if (version == document.end() || !version->is_number_integer()) refuse(file, "it has no format_version");
  if (*version > checkpoint_format_version) {
    throw Error({.what = "the checkpoint was written by a newer Cloze",
                 .where = file.string(),
                 .why = fmt::format("its format is {}, this program knows formats up to {}",
                                    version->get<int64_t>(), checkpoint_format_version),
                 .remedy = "use a newer Cloze"});
  }
  const auto stored = document.find("digest");
  if (stored == document.end() || *stored != digest_of(document))
    refuse(file, "its digest does not fit its contents");
}

std::optional<json> read_document(const fs::path& folder) {
  const fs::path file = folder / trainer_state_file;
  if (!fs::exists(file)) return std::nullopt;
  json document = read_json(file);
  if (is_of_transformers(document)) return std::nullopt;
  check(document, file);
  return document;
}

}  // namespace

std::string trainer_state_text(const CheckpointManifest& manifest, const json& state) {
  json document = {{"format_version", checkpoint_format_version}, {"step", manifest.step}, {"state", state}};
  for (const auto& [name, record] : manifest.files) {
    document["files"][name] = {{"bytes", record.bytes}, {"digest", record.digest}};
  }
  if (manifest.score && std::isfinite(manifest.score->value)) {
    document["score"] = {{"metric", manifest.score->metric}, {"value", manifest.score->value}};
  }
  document["digest"] = digest_of(document);
  return json_text(document);
}

std::optional<CheckpointManifest> read_checkpoint_manifest(const fs::path& folder) {
  const std::optional<json> document = read_document(folder);
  if (!document) return std::nullopt;
  try {
    CheckpointManifest manifest{.step = document->at("step").get<int64_t>()};
    for (const auto& entry : document->at("files").items()) {
      manifest.files[entry.key()] = {.bytes = entry.value().at("bytes").get<uint64_t>(),
                                     .digest = entry.value().at("digest").get<std::string>()};
    }
    if (document->contains("score")) {
      const json& score = document->at("score");
      manifest.score = Score{score.at("metric").get<std::string>(), score.at("value").get<double>()};
    }
    return manifest;
  } catch (const json::exception& error) {
    refuse(folder / trainer_state_file, error.what());
  }
}

json read_trainer_state(const fs::path& folder) {
  std::optional<json> document = read_document(folder);
  if (!document || !document->contains("state")) {
    throw Error({.what = "there is no training to resume here",
                 .where = folder.string(),
                 .why = "the folder holds a model without Cloze's trainer_state.json"});
  }
  return std::move((*document)["state"]);
}

}  // namespace cloze
