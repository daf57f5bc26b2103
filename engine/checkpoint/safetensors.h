#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/checkpoint/checksummed_file.h"
#include "engine/checkpoint/safetensors_header.h"
#include "engine/checkpoint/tensor_source.h"

namespace cloze {

// A safetensors file, mapped: opening reads the header only, a tensor's pages are read with it.
class SafetensorsFile final : public TensorSource {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  void read(size_t index, std::span<float> values) const override;
  std::span<const float> view(size_t index) const override;
  std::string origin() const override { return path_.string(); }

  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  SafetensorsHeader header_;
  std::vector<TensorInfo> tensors_;  // in the order of header_.entries
};

// Writes fp32 tensors in the order given, the first one at a multiple of 64 bytes: what is read as one matrix
// can lie there as one. {"format": "pt"} joins `metadata`: Hugging Face's loader insists on it. Throws Error
// for a duplicate name or a size that differs from the shape.
FileRecord write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                             std::map<std::string, std::string> metadata = {});

}  // namespace cloze
