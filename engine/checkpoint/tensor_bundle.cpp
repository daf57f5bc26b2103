#include "engine/checkpoint/tensor_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/crc32c.h"
#include "engine/base/error.h"
#include "engine/checkpoint/bundle_slice.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

fs::path index_file(const fs::path& prefix) {
  return fs::path(prefix) += ".index";
}

fs::path shard_file(const fs::path& prefix, size_t shard, int64_t shards) {
  return fs::path(prefix) += fmt::format(".data-{:05}-of-{:05}", shard, shards);
}

BundleIndex read_index(const fs::path& prefix) {
  const fs::path file = index_file(prefix);
  return parse_bundle_index(MappedFile(file).text(), file.string());
}

}  // namespace

TensorBundle::TensorBundle(fs::path prefix) : prefix_(std::move(prefix)), index_(read_index(prefix_)) {
  map_shards();
  for (const auto& [name, entry] : index_.entries) {
    if (entry.slices.empty()) {
      check_place(name, entry);
    } else {
      check_parts(name, entry);
    }
    if (is_slice_key(name)) continue;
    tensors_.push_back({.name = name, .shape = entry.shape, .type = data_type_name(entry.type)});
    entries_.push_back(&entry);
  }
}

void TensorBundle::map_shards() {
  for (int64_t shard = 0; shard < index_.header.shards; ++shard) {
    const fs::path file = shard_file(prefix_, static_cast<size_t>(shard), index_.header.shards);
    if (!fs::exists(file)) {
      throw Error({.what = "a part of the TensorFlow checkpoint is missing",
                   .where = file.string(),
                   .why = fmt::format("its index names {} data files, and this one is not there",
                                      index_.header.shards),
                   .remedy = "copy every file of the checkpoint into one folder"});
    }
    shards_.emplace_back(file);
  }
}

void TensorBundle::check_place(const std::string& name, const BundleEntry& entry) const {
  if (entry.shard >= index_.header.shards) {
    refuse(name, fmt::format("it should lie in shard {} of {}", entry.shard, index_.header.shards));
  }
  const auto shard_bytes = static_cast<int64_t>(shards_[static_cast<size_t>(entry.shard)].size());
  if (entry.offset > shard_bytes || entry.bytes > shard_bytes - entry.offset) {
    refuse(name, fmt::format("its {} bytes from {} on lie beyond the {} bytes of its data file", entry.bytes,
                             entry.offset, shard_bytes));
  }
  const auto type = data_type_elements(entry.type);
  if (!type) return;
  int64_t bytes = static_cast<int64_t>(size_of(*type));
  bool overflows = false;
  for (const int64_t size : entry.shape) overflows |= __builtin_mul_overflow(bytes, size, &bytes);
  if (overflows || bytes != entry.bytes) {
    refuse(name, fmt::format("it has {} bytes, which is not what {} of {} takes", entry.bytes,
                             describe_shape(entry.shape), data_type_name(entry.type)));
  }
}

void TensorBundle::check_parts(const std::string& name, const BundleEntry& entry) const {
  const std::string trouble = trouble_with_slices(entry.shape, entry.slices);
  if (!trouble.empty()) refuse(name, trouble);
  for (const BundleSlice& slice : entry.slices) {
    const auto part = index_.entries.find(slice_key(name, slice));
    if (part == index_.entries.end()) {
      refuse(name, fmt::format("its part {} is not in the index", describe_slice(slice)));
    }
    if (part->second.type != entry.type || part->second.shape != slice_shape(entry.shape, slice) ||
        !part->second.slices.empty()) {
      refuse(name, fmt::format("its part {} is of another type or shape", describe_slice(slice)));
    }
  }
}

bool TensorBundle::holds_numbers(size_t index) const {
  return data_type_elements(entries_.at(index)->type).has_value();
}

void TensorBundle::read(size_t index, std::span<float> values) const {
  const BundleEntry& entry = *entries_.at(index);
  const std::string& name = tensors_[index].name;
  if (!holds_numbers(index)) {
    refuse(name, fmt::format("it is of the type {}, which holds no numbers", tensors_[index].type));
  }
  if (static_cast<int64_t>(values.size()) != element_count(entry.shape)) {
    refuse(name, fmt::format("it has the shape {}, the place for it holds {} values",
                             describe_shape(entry.shape), values.size()));
  }
  if (entry.slices.empty()) {
    read_whole(name, entry, values);
  } else {
    read_parts(name, entry, values);
  }
}

void TensorBundle::read_whole(const std::string& name, const BundleEntry& entry,
                              std::span<float> values) const {
  const auto shard = static_cast<size_t>(entry.shard);
  const auto bytes =
      shards_[shard].bytes().subspan(static_cast<size_t>(entry.offset), static_cast<size_t>(entry.bytes));
  if (masked_crc32c(bytes) != entry.checksum) {
    throw Error({.what = fmt::format("the tensor `{}` is damaged", name),
                 .where = shard_file(prefix_, shard, index_.header.shards).string(),
                 .why = "the checksum of its data is not the one in the index",
                 .remedy = "fetch the checkpoint again"});
  }
  convert_to_float(*data_type_elements(entry.type), bytes, values);
}

void TensorBundle::read_parts(const std::string& name, const BundleEntry& entry,
                              std::span<float> values) const {
  std::vector<float> part_values;
  for (const BundleSlice& slice : entry.slices) {
    const BundleEntry& part = index_.entries.at(slice_key(name, slice));
    part_values.resize(static_cast<size_t>(element_count(part.shape)));
    read_whole(fmt::format("{} {}", name, describe_slice(slice)), part, part_values);
    place_slice(entry.shape, slice, part_values, values);
  }
}

void TensorBundle::refuse(const std::string& name, std::string why) const {
  const bool part = is_slice_key(name);
  throw Error({.what = part ? "a part of a variable cannot be read"
                            : fmt::format("the tensor `{}` cannot be read", name),
               .where = index_file(prefix_).string(),
               .why = std::move(why)});
}

}  // namespace cloze
