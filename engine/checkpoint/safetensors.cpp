#include "engine/checkpoint/safetensors.h"

#include <fmt/core.h>

#include <string_view>
#include <unordered_set>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

void check(std::span<const NamedTensor> tensors, const std::string& where) {
  std::unordered_set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    if (static_cast<int64_t>(tensor.values.size()) != element_count(tensor.shape)) {
      throw Error({.what = fmt::format("tensor `{}` cannot be written", tensor.name),
                   .where = where,
                   .why = fmt::format("it holds {} values, its shape is {}", tensor.values.size(),
                                      describe_shape(tensor.shape))});
    }
    if (!names.insert(tensor.name).second)
      throw Error({.what = fmt::format("two tensors are named `{}`", tensor.name), .where = where});
  }
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), file_(path), header_(parse_safetensors_header(file_.text(), file_.size(), path.string())) {
  for (const SafetensorsEntry& entry : header_.entries) {
    tensors_.push_back({.name = entry.name, .shape = entry.shape, .type = std::string(name_of(entry.type))});
  }
}

void SafetensorsFile::read(size_t index, std::span<float> values) const {
  const SafetensorsEntry& entry = header_.entries.at(index);
  if (static_cast<int64_t>(values.size()) != element_count(entry.shape)) {
    throw Error({.what = fmt::format("tensor `{}` cannot be read", entry.name),
                 .where = origin(),
                 .why = fmt::format("it has the shape {}, the place for it holds {} values",
                                    describe_shape(entry.shape), values.size())});
  }
  convert_to_float(entry.type,
                   file_.bytes().subspan(header_.data_begin + entry.begin, entry.end - entry.begin), values);
}

std::span<const float> SafetensorsFile::view(size_t index) const {
  const SafetensorsEntry& entry = header_.entries.at(index);
  const std::byte* data = file_.bytes().data() + header_.data_begin + entry.begin;
  if (entry.type != ElementType::f32 || reinterpret_cast<uintptr_t>(data) % alignof(float) != 0) return {};
  return {reinterpret_cast<const float*>(data), static_cast<size_t>(entry.end - entry.begin) / sizeof(float)};
}

FileRecord write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors,
                             std::map<std::string, std::string> metadata) {
  check(tensors, path.string());
  SafetensorsHeader header{.metadata = std::move(metadata)};
  header.metadata["format"] = "pt";
  uint64_t reached = 0;
  for (const NamedTensor& tensor : tensors) {
    const uint64_t begin = std::exchange(reached, reached + tensor.values.size_bytes());
    header.entries.push_back({.name = tensor.name,
                              .type = ElementType::f32,
                              .shape = tensor.shape,
                              .begin = begin,
                              .end = reached});
  }
  ChecksummedFile file(path);
  file.write(format_safetensors_header(header));
  for (const NamedTensor& tensor : tensors) file.write(std::as_bytes(tensor.values));
  return file.commit();
}

}  // namespace cloze
