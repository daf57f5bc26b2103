#include "engine/checkpoint/conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/model/bert_parameters.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

// Tensors in memory between reading and writing.
class Staging {
 public:
  void add(std::string name, std::vector<int64_t> shape) {
    auto& values = values_.emplace_back(static_cast<size_t>(element_count(shape)));
    targets_.push_back({.name = std::move(name), .shape = std::move(shape), .values = values});
  }

  LoadReport load(const TensorSource& source) { return load_tensors(source, targets_); }

  // Those that were loaded.
  std::vector<NamedTensor> tensors(const LoadReport& report) const {
    std::vector<NamedTensor> loaded;
    for (const TensorTarget& target : targets_) {
      if (std::find(report.loaded.begin(), report.loaded.end(), target.name) == report.loaded.end()) continue;
      loaded.push_back({.name = target.name, .shape = target.shape, .values = target.values});
    }
    return loaded;
  }

 private:
  std::vector<std::vector<float>> values_;  // moving the outer vector keeps the inner ones in place
  std::vector<TensorTarget> targets_;
};

std::vector<int64_t> file_shape(const Parameter& parameter) {
  if (parameter.vector) return {parameter.file_rows * parameter.columns};
  return {parameter.file_rows, parameter.columns};
}

bool has_any(const TensorSource& source, std::string_view prefix) {
  const auto& all = source.tensors();
  return std::any_of(all.begin(), all.end(),
                     [&](const TensorInfo& info) { return info.name.starts_with(prefix); });
}

// A head whose number of outputs the checkpoint alone knows.
void add_output_layer(const TensorSource& source, const std::string& name, int64_t hidden, Staging& staging) {
  const int64_t bias = source.find(name + ".bias");
  if (bias < 0) return;
  const int64_t outputs = element_count(source.tensors()[static_cast<size_t>(bias)].shape);
  staging.add(name + ".weight", {outputs, hidden});
  staging.add(name + ".bias", {outputs});
}

ParameterLayout layout_of(const BertConfig& config, const TensorSource& source) {
  return bert_parameters(config,
                         {.pooler = true,
                          .masked_language = has_any(source, "cls.predictions."),
                          .next_sentence = has_any(source, std::string(bert_names::next_sentence) + ".")});
}

void require_encoder(const LoadReport& report) {
  LoadReport encoder{.origin = report.origin, .mismatched = report.mismatched};
  for (const std::string& name : report.missing) {
    if (name.starts_with("bert.embeddings.") || name.starts_with("bert.encoder.")) {
      encoder.missing.push_back(name);
    }
  }
  require_complete(encoder);
}

// "models/tiny/" names the folder "models/tiny".
fs::path target_folder(fs::path folder) {
  folder = folder.lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  if (!fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder))) return folder;
  throw UsageError({.what = "the converted model would replace what is there",
                    .where = folder.string(),
                    .why = fs::is_directory(folder) ? "the folder is not empty" : "it is a file",
                    .remedy = "name a new folder"});
}

}  // namespace

LoadReport convert_checkpoint(const Checkpoint& checkpoint, fs::path folder, bool with_moments) {
  folder = target_folder(std::move(folder));
  const TensorSource& source = checkpoint.parameters();
  const BertConfig& config = checkpoint.config().bert;
  const ParameterLayout layout = layout_of(config, source);
  Staging parameters, moments;
  for (const Parameter& parameter : layout.parameters())
    parameters.add(parameter.name, file_shape(parameter));
  add_output_layer(source, "classifier", config.hidden_size, parameters);
  add_output_layer(source, "qa_outputs", config.hidden_size, parameters);
  const LoadReport report = parameters.load(source);
  require_encoder(report);

  CheckpointContents contents{.config = checkpoint.config(),
                              .tokenizer = checkpoint.tokenizer(),
                              .parameters = parameters.tensors(report),
                              .step = checkpoint.step().value_or(0)};
  if (with_moments) {
    for (const Parameter& parameter : layout.parameters()) {
      moments.add(first_moment_name(parameter.name), file_shape(parameter));
      moments.add(second_moment_name(parameter.name), file_shape(parameter));
    }
    const LoadReport loaded = moments.load(*checkpoint.optimizer());
    require_complete(loaded);
    contents.optimizer = moments.tensors(loaded);
  }
  write_checkpoint(folder, contents, nlohmann::json::object());
  return report;
}

}  // namespace cloze
