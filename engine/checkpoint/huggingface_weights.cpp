#include "engine/checkpoint/huggingface_weights.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/model/bert_parameters.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view masked_language_head = "cls.predictions.";
constexpr const char* tied_decoder = "cls.predictions.decoder.weight";

void replace_ending(std::string& name, std::string_view ending, std::string_view replacement) {
  if (name.ends_with(ending)) name.replace(name.size() - ending.size(), ending.size(), replacement);
}

// Several safetensors files as one, their tensors renamed.
class HuggingfaceWeights final : public TensorSource {
 public:
  HuggingfaceWeights(fs::path folder, const std::vector<fs::path>& files) : folder_(std::move(folder)) {
    for (const fs::path& path : files) {
      const SafetensorsFile& file = files_.emplace_back(path);
      for (size_t i = 0; i < file.tensors().size(); ++i) add(file, files_.size() - 1, i);
    }
    check_tied_decoder();
  }

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  void read(size_t index, std::span<float> values) const override {
    files_[places_.at(index).first].read(places_[index].second, values);
  }
  std::span<const float> view(size_t index) const override {
    return files_[places_.at(index).first].view(places_[index].second);
  }
  std::string origin() const override { return folder_.string(); }

 private:
  void add(const SafetensorsFile& file, size_t file_index, size_t tensor_index) {
    TensorInfo info = file.tensors()[tensor_index];
    const std::string stored = std::exchange(info.name, canonical_name(info.name));
    if (stored == tied_decoder) decoder_ = {file_index, tensor_index};
    if (info.name.empty()) return;
    const auto [previous, is_new] = stored_as_.emplace(info.name, stored);
    if (!is_new) {
      // decoder.bias and predictions.bias are one parameter, saved under both names by some versions.
      if (stored.ends_with("decoder.bias") || previous->second.ends_with("decoder.bias")) return;
      throw Error({.what = fmt::format("the tensor `{}` is there twice", info.name),
                   .where = file.origin(),
                   .why = fmt::format("as `{}` and as `{}`", previous->second, stored)});
    }
    tensors_.push_back(std::move(info));
    places_.emplace_back(file_index, tensor_index);
  }

  std::vector<float> values_at(std::pair<size_t, size_t> place) const {
    const SafetensorsFile& file = files_[place.first];
    std::vector<float> values(static_cast<size_t>(element_count(file.tensors()[place.second].shape)));
    file.read(place.second, values);
    return values;
  }

  // The masked-LM head reads the word embeddings, of which some versions save a copy as its matrix. With
  // another matrix there the head would answer nonsense: then it is as if the model had none.
  void check_tied_decoder() {
    const int64_t words = find(bert_names::word);
    if (!decoder_ || words < 0) return;
    const auto place = places_[static_cast<size_t>(words)];
    if (values_at(*decoder_) == values_at(place)) return;
    log::warning(
        "{}: `{}` is not equal to `{}`; the masked-LM head of Cloze has no matrix of its own, so this head "
        "is "
        "left out",
        origin(), tied_decoder, bert_names::word);
    for (size_t i = tensors_.size(); i-- > 0;) {
      if (!tensors_[i].name.starts_with(masked_language_head)) continue;
      tensors_.erase(tensors_.begin() + static_cast<std::ptrdiff_t>(i));
      places_.erase(places_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  fs::path folder_;
  std::vector<SafetensorsFile> files_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::pair<size_t, size_t>> places_;  // of each tensor: its file, its index there
  std::map<std::string, std::string> stored_as_;
  std::optional<std::pair<size_t, size_t>> decoder_;  // likewise, where the matrix was saved
};

std::vector<fs::path> shards_of(const fs::path& index_file) {
  std::vector<fs::path> files;
  for (const std::string& name : parse_shard_index(read_file(index_file), index_file.string())) {
    files.push_back(index_file.parent_path() / name);
    if (!fs::exists(files.back())) {
      throw Error({.what = "a part of the model's weights is missing",
                   .where = files.back().string(),
                   .why = fmt::format("{} names it", index_file.filename().string()),
                   .remedy = "copy every file of the model into one folder"});
    }
  }
  return files;
}

}  // namespace

std::string canonical_name(std::string_view stored) {
  std::string name(stored);
  for (const std::string_view part : {"embeddings.", "encoder.", "pooler."}) {
    if (name.starts_with(part)) name = "bert." + name;
  }
  replace_ending(name, ".LayerNorm.gamma", ".LayerNorm.weight");
  replace_ending(name, ".LayerNorm.beta", ".LayerNorm.bias");
  if (name == "cls.predictions.decoder.bias") return "cls.predictions.bias";
  if (name == tied_decoder || name == "bert.embeddings.position_ids") return "";
  return name;
}

std::set<std::string> parse_shard_index(std::string_view text, const std::string& origin) {
  const nlohmann::json document = parse_json(text, origin);
  const auto refuse = [&](std::string why) {
    throw Error({.what = "not a valid index of weights", .where = origin, .why = std::move(why)});
  };
  const auto map = document.find("weight_map");
  if (map == document.end() || !map->is_object() || map->empty()) refuse("it has no weight_map");
  std::set<std::string> names;
  for (const auto& entry : map->items()) {
    if (!entry.value().is_string()) refuse(fmt::format("the file of `{}` is no string", entry.key()));
    const auto name = entry.value().get<std::string>();
    if (name.empty() || name == "." || name == ".." || fs::path(name).filename() != name) {
      refuse(fmt::format("`{}` is not the name of a file beside it", name));
    }
    names.insert(name);
  }
  return names;
}

std::unique_ptr<TensorSource> open_huggingface_weights(const fs::path& folder) {
  const fs::path single_file = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  if (fs::exists(single_file)) return std::make_unique<HuggingfaceWeights>(folder, std::vector{single_file});
  if (fs::exists(index)) return std::make_unique<HuggingfaceWeights>(folder, shards_of(index));
  if (fs::exists(folder / "pytorch_model.bin")) {
    throw Error(
        {.what = "the weights are in a Python pickle, which Cloze does not execute",
         .where = (folder / "pytorch_model.bin").string(),
         .remedy = fmt::format("python -c \"from transformers import BertForPreTraining as B; "
                               "B.from_pretrained('{0}').save_pretrained('{0}', safe_serialization=True)\"",
                               folder.string())});
  }
  throw Error({.what = "no model weights here",
               .where = folder.string(),
               .why = "neither model.safetensors nor model.safetensors.index.json is there"});
}

}  // namespace cloze
