#include "engine/checkpoint/model_files.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint_files.h"
#include "engine/checkpoint/huggingface_weights.h"
#include "engine/checkpoint/tensorflow_config.h"
#include "engine/checkpoint/tensorflow_files.h"
#include "engine/checkpoint/tensorflow_tokenizer.h"
#include "engine/checkpoint/tensorflow_weights.h"
#include "engine/model/bert_parameters.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

// Embeddings are often made a little larger than the vocabulary, up to a round number; a difference of more
// than this is a vocabulary of another model.
constexpr int64_t most_spare_rows = 1023;

void check_vocabulary(const ModelFiles& model, const std::string& where) {
  const int64_t pieces = model.tokenizer.vocabulary->size(), rows = model.config.bert.vocabulary_size;
  if (pieces > rows || pieces + most_spare_rows < rows) {
    throw Error({.what = "the vocabulary does not fit the model",
                 .where = where,
                 .why = fmt::format("it has {} pieces, the model has embeddings for {}", pieces, rows),
                 .remedy = "use the vocabulary the model was trained with"});
  }
  if (pieces < rows) {
    log::warning("{}: the vocabulary has {} pieces, the model embeddings for {}: the last {} are never used",
                 where, pieces, rows, rows - pieces);
  }
}

// The embeddings tell every size of the configuration that could be mixed up with another model's.
void check_embeddings(const ModelFiles& model, const std::string& config_origin) {
  const BertConfig& bert = model.config.bert;
  const std::pair<const char*, std::vector<int64_t>> embeddings[] = {
      {bert_names::word, {bert.vocabulary_size, bert.hidden_size}},
      {bert_names::position, {bert.max_positions, bert.hidden_size}},
      {bert_names::type, {bert.token_types, bert.hidden_size}}};
  for (const auto& [name, wanted] : embeddings) {
    const int64_t index = model.parameters->find(name);
    if (index < 0) continue;  // whoever needs it will say so
    const std::vector<int64_t>& found = model.parameters->tensors()[static_cast<size_t>(index)].shape;
    if (found == wanted) continue;
    throw Error({.what = "the configuration does not fit the weights",
                 .where = config_origin,
                 .why = fmt::format("by it {} should be {}, in {} it is {}", name, describe_shape(wanted),
                                    model.parameters->origin(), describe_shape(found)),
                 .remedy = "use the configuration the model was trained with"});
  }
}

// A TensorFlow checkpoint does not say which heads it has; its tensors do.
std::string architecture_of(const TensorSource& parameters) {
  const auto has = [&](const std::string& name) { return parameters.find(name) >= 0; };
  if (has("qa_outputs.weight")) return "BertForQuestionAnswering";
  if (has("classifier.weight")) return "BertForSequenceClassification";
  const bool next_sentence = has(std::string(bert_names::next_sentence) + ".weight");
  if (has(bert_names::prediction_bias)) return next_sentence ? "BertForPreTraining" : "BertForMaskedLM";
  return next_sentence ? "BertForNextSentencePrediction" : "BertModel";
}

// Google's classifiers keep no names of their labels: "LABEL_0" and so on are transformers' for that.
std::vector<std::string> unnamed_labels(const TensorSource& parameters) {
  const int64_t index = parameters.find("classifier.bias");
  if (index < 0) return {};
  std::vector<std::string> labels;
  const int64_t count = element_count(parameters.tensors()[static_cast<size_t>(index)].shape);
  for (int64_t label = 0; label < count; ++label) labels.push_back(fmt::format("LABEL_{}", label));
  return labels;
}

}  // namespace

// [{"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}, …]: the first
// module is the transformer.
std::optional<fs::path> find_huggingface_folder(const fs::path& folder) {
  if (fs::exists(folder / config_file)) return folder;
  const fs::path modules = folder / "modules.json";
  if (!fs::exists(modules)) return std::nullopt;
  const nlohmann::json document = read_json(modules);
  if (!document.is_array() || document.empty()) return std::nullopt;
  const fs::path inside = json_string(document.front(), "path", modules.string());
  if (inside.empty() || inside.filename() != inside) return std::nullopt;  // a folder in this one
  return fs::exists(folder / inside / config_file) ? std::optional(folder / inside) : std::nullopt;
}

ModelFiles read_huggingface_model(const fs::path& folder, const OpenOptions& options) {
  ModelFiles model;
  model.config = read_huggingface_config(folder / config_file);
  model.tokenizer = read_huggingface_tokenizer(folder, options.lowercase);
  model.parameters = open_huggingface_weights(folder);
  check_vocabulary(model, folder.string());
  check_embeddings(model, (folder / config_file).string());
  return model;
}

ModelFiles read_tensorflow_model(const fs::path& prefix, const OpenOptions& options) {
  const fs::path folder = prefix.parent_path(), config = folder / tensorflow_config_file;
  ModelFiles model;
  model.bundle = std::make_shared<const TensorBundle>(prefix);
  model.parameters = tensorflow_parameters(model.bundle);
  if (!fs::exists(config)) {
    throw Error(
        {.what = "the TensorFlow checkpoint has no configuration",
         .where = config.string(),
         .why = "there is no such file beside it",
         .remedy = "copy bert_config.json and vocab.txt of the model that training began with there"});
  }
  model.config.bert = read_tensorflow_config(config);
  model.config.architecture = architecture_of(*model.parameters);
  model.config.labels = unnamed_labels(*model.parameters);
  model.tokenizer = read_tensorflow_tokenizer(folder, model.config.bert.max_positions, options.lowercase);
  check_vocabulary(model, (folder / vocabulary_file).string());
  check_embeddings(model, config.string());
  return model;
}

}  // namespace cloze
