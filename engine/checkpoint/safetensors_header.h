#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/element_type.h"

// The safetensors format (github.com/huggingface/safetensors, README "Format"): an unsigned 64-bit
// little-endian header length N, N bytes of JSON, then the tensors' bytes back to back, little-endian and
// row-major:
//   {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, …, "__metadata__": {"key":
//   "value"}}
namespace cloze {

constexpr uint64_t safetensors_header_limit = 100'000'000;  // the format's own limit, in bytes

struct SafetensorsEntry {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;  // bytes, counted from the end of the header
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of their bytes, ties by name
  std::map<std::string, std::string> metadata;
  uint64_t data_begin = 0;  // where in the file the tensors' bytes start
};

// Parses the start of a file of `file_bytes` bytes; `start` holds at least its header (or the whole file).
// Throws Error naming `origin` for anything the format forbids: a header beyond the file or the limit, bad
// JSON, duplicate names, unknown element types, sizes that overflow or differ from the offsets, gaps,
// overlaps, bytes left over.
SafetensorsHeader parse_safetensors_header(std::string_view start, uint64_t file_bytes,
                                           const std::string& origin);

// The length field and the JSON, padded with spaces so that the data begin at a multiple of 8.
std::string format_safetensors_header(const SafetensorsHeader& header);

}  // namespace cloze
