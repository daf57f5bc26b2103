#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/checkpoint/bundle_index.h"
#include "engine/checkpoint/tensor_source.h"

namespace cloze {

// A TensorFlow checkpoint as its files have it: PREFIX.index, PREFIX.data-00000-of-0000N and so on
// (tensorflow/core/util/tensor_bundle, format V2). Every tensor is listed under TensorFlow's own name, those
// that hold no numbers too; a variable that was saved in parts is one tensor.
class TensorBundle final : public TensorSource {
 public:
  // Reads the index and maps the shards; the data are read with each tensor. Throws Error for a missing
  // shard, a place beyond its shard, a size that differs from the shape, parts that do not fill their
  // variable.
  explicit TensorBundle(std::filesystem::path prefix);

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  // Throws Error where the checksum of the data is wrong, and for a tensor that holds no numbers.
  void read(size_t index, std::span<float> values) const override;
  std::string origin() const override { return prefix_.string(); }

  bool holds_numbers(size_t index) const;
  size_t shards() const { return shards_.size(); }

 private:
  void map_shards();
  void check_place(const std::string& name, const BundleEntry& entry) const;
  void check_parts(const std::string& name, const BundleEntry& entry) const;
  void read_whole(const std::string& name, const BundleEntry& entry, std::span<float> values) const;
  void read_parts(const std::string& name, const BundleEntry& entry, std::span<float> values) const;
  [[noreturn]] void refuse(const std::string& name, std::string why) const;

  std::filesystem::path prefix_;
  BundleIndex index_;
  std::vector<MappedFile> shards_;
  std::vector<TensorInfo> tensors_;          // in the order of their names
  std::vector<const BundleEntry*> entries_;  // of each tensor, into index_
};

}  // namespace cloze
