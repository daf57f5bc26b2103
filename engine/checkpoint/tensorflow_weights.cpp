#include "engine/checkpoint/tensorflow_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_names.h"
#include "engine/checkpoint/tensorflow_names.h"

namespace cloze {
namespace {

// source [rows, columns] -> target [columns, rows]
void transpose(std::span<const float> source, size_t rows, size_t columns, std::span<float> target) {
  constexpr size_t tile = 16;  // both sides stay in cache
  for (size_t row = 0; row < rows; row += tile) {
    for (size_t column = 0; column < columns; ++column) {
      const size_t end = std::min(row + tile, rows);
      for (size_t r = row; r < end; ++r) target[column * rows + r] = source[r * columns + column];
    }
  }
}

// Tensors of a bundle under other names.
class TranslatedTensors final : public TensorSource {
 public:
  explicit TranslatedTensors(std::shared_ptr<const TensorBundle> bundle) : bundle_(std::move(bundle)) {}

  void add(size_t index, const TranslatedName& translated) {
    TensorInfo info = bundle_->tensors()[index];
    info.name = translated.name;
    const bool transposed = translated.transposed && info.shape.size() == 2;
    if (transposed) std::swap(info.shape[0], info.shape[1]);
    tensors_.push_back(std::move(info));
    places_.push_back({index, transposed});
  }

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string origin() const override { return bundle_->origin(); }

  void read(size_t index, std::span<float> values) const override {
    const Place place = places_.at(index);
    if (!place.transposed) return bundle_->read(place.index, values);
    const std::vector<int64_t>& shape = bundle_->tensors()[place.index].shape;
    std::vector<float> stored(static_cast<size_t>(element_count(shape)));
    bundle_->read(place.index, stored);
    transpose(stored, static_cast<size_t>(shape[0]), static_cast<size_t>(shape[1]), values);
  }

 private:
  struct Place {
    size_t index;  // in the bundle
    bool transposed;
  };
  std::shared_ptr<const TensorBundle> bundle_;
  std::vector<TensorInfo> tensors_;
  std::vector<Place> places_;
};

enum class Kind { parameter, other_variable, moment, other_slot, without_numbers, global_step };

Kind kind_of(const TensorBundle& bundle, size_t index) {
  const std::string& name = bundle.tensors()[index].name;
  if (!bundle.holds_numbers(index)) return Kind::without_numbers;
  if (name == global_step_name) return Kind::global_step;
  if (const auto slot = optimizer_slot(name)) {
    const bool usable = slot->slot != Slot::other && huggingface_name(slot->variable);
    return usable ? Kind::moment : Kind::other_slot;
  }
  return huggingface_name(name) ? Kind::parameter : Kind::other_variable;
}

void require_a_bert(const TensorBundle& bundle, const BundleInventory& inventory) {
  const auto& names = inventory.parameters;
  if (std::find(names.begin(), names.end(), "bert/embeddings/word_embeddings") != names.end()) return;
  std::vector<std::string> seen;
  for (const TensorInfo& tensor : bundle.tensors()) {
    if (seen.size() < 3) seen.push_back(tensor.name);
  }
  throw Error({.what = "the TensorFlow checkpoint holds no BERT",
               .where = bundle.origin(),
               .why = fmt::format("there is no bert/embeddings/word_embeddings among its {} tensors ({}, …)",
                                  bundle.tensors().size(), fmt::join(seen, ", ")),
               .remedy = "checkpoints of google-research/bert can be read, those of other programs not"});
}

}  // namespace

BundleInventory inventory_of(const TensorBundle& bundle) {
  BundleInventory inventory;
  for (size_t i = 0; i < bundle.tensors().size(); ++i) {
    const std::string& name = bundle.tensors()[i].name;
    switch (kind_of(bundle, i)) {
      case Kind::parameter:
        inventory.parameters.push_back(name);
        break;
      case Kind::other_variable:
        inventory.other_variables.push_back(name);
        break;
      case Kind::moment:
        inventory.moments.push_back(name);
        break;
      case Kind::other_slot:
        inventory.other_slots.push_back(name);
        break;
      case Kind::without_numbers:
        inventory.without_numbers.push_back(name);
        break;
      case Kind::global_step:
        inventory.global_step = true;
        break;
    }
  }
  return inventory;
}

std::unique_ptr<TensorSource> tensorflow_parameters(std::shared_ptr<const TensorBundle> bundle) {
  require_a_bert(*bundle, inventory_of(*bundle));
  auto translated = std::make_unique<TranslatedTensors>(bundle);
  for (size_t i = 0; i < bundle->tensors().size(); ++i) {
    const std::string& name = bundle->tensors()[i].name;
    const Kind kind = kind_of(*bundle, i);
    if (kind == Kind::parameter) translated->add(i, *huggingface_name(name));
    if (kind == Kind::other_variable) translated->add(i, {.name = name});
  }
  return translated;
}

std::unique_ptr<TensorSource> tensorflow_moments(std::shared_ptr<const TensorBundle> bundle) {
  auto translated = std::make_unique<TranslatedTensors>(bundle);
  for (size_t i = 0; i < bundle->tensors().size(); ++i) {
    if (kind_of(*bundle, i) != Kind::moment) continue;
    const SlotName slot = *optimizer_slot(bundle->tensors()[i].name);
    TranslatedName name = *huggingface_name(slot.variable);
    name.name =
        slot.slot == Slot::first_moment ? first_moment_name(name.name) : second_moment_name(name.name);
    translated->add(i, name);
  }
  return translated;
}

std::optional<int64_t> global_step_of(const TensorBundle& bundle) {
  const int64_t index = bundle.find(global_step_name);
  if (index < 0 || !bundle.tensors()[static_cast<size_t>(index)].shape.empty()) return std::nullopt;
  float step = 0;  // exact up to 2^24
  bundle.read(static_cast<size_t>(index), {&step, 1});
  return static_cast<int64_t>(step);
}

}  // namespace cloze
