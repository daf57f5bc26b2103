#include "engine/checkpoint/huggingface_weights.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/checkpoint/safetensors.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

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
  }

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  void read(size_t index, std::span<float> values) const override {
    files_[places_.at(index).first].read(places_[index].second, values);
  }
  std::string origin() const override { return folder_.string(); }

 private:
  void add(const SafetensorsFile& file, size_t file_index, size_t tensor_index) {
    TensorInfo info = file.tensors()[tensor_index];
    const std::string stored = std::exchange(info.name, canonical_name(info.name));
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

  fs::path folder_;
  std::vector<SafetensorsFile> files_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::pair<size_t, size_t>> places_;  // of each tensor: its file, its index there
  std::map<std::string, std::string> stored_as_;
};

// {"weight_map": {"NAME": "model-00001-of-00002.safetensors", …}}
std::vector<fs::path> shards_of(const fs::path& index_file) {
  const nlohmann::json document = read_json(index_file);
  const auto map = document.find("weight_map");
  const auto refuse = [&](std::string why) {
    throw Error(
        {.what = "not a valid index of weights", .where = index_file.string(), .why = std::move(why)});
  };
  if (map == document.end() || !map->is_object() || map->empty()) refuse("it has no weight_map");
  std::set<std::string> names;
  for (const auto& entry : map->items()) {
    if (!entry.value().is_string()) refuse(fmt::format("the file of `{}` is no string", entry.key()));
    const auto name = entry.value().get<std::string>();
    if (fs::path(name).filename() != name)
      refuse(fmt::format("`{}` is not the name of a file beside it", name));
    names.insert(name);
  }
  std::vector<fs::path> files;
  for (const std::string& name : names) files.push_back(index_file.parent_path() / name);
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
  if (name == "cls.predictions.decoder.weight" || name == "bert.embeddings.position_ids") return "";
  return name;
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
