#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/element_type.h"

// The two messages that the index of a TensorFlow checkpoint holds
// (tensorflow/core/protobuf/tensor_bundle.proto).
namespace cloze {

// BundleHeaderProto, stored under the empty name.
struct BundleHeader {
  int64_t shards = 0;  // PREFIX.data-00000-of-0000N …
};

// A stretch of one dimension of a partitioned variable (TensorSliceProto.Extent).
struct BundleExtent {
  int64_t start = 0;
  std::optional<int64_t> length = {};  // unset: the whole dimension
  friend bool operator==(const BundleExtent&, const BundleExtent&) = default;
};
using BundleSlice = std::vector<BundleExtent>;  // one extent per dimension

// BundleEntryProto, stored under the tensor's name.
struct BundleEntry {
  int64_t type = 0;  // tensorflow/core/framework/types.proto, DataType
  std::vector<int64_t> shape;
  int64_t shard = 0, offset = 0, bytes = 0;  // where its elements lie: little-endian, row-major
  uint32_t checksum = 0;                     // masked CRC-32C of those bytes
  // Of a variable that was saved in parts: where they lie in it. Each part has an entry of its own under
  // slice_key(); offset and bytes mean nothing here.
  std::vector<BundleSlice> slices = {};
};

// Both throw Error naming `origin` for bytes that are no such message, sizes that are negative, a big-endian
// checkpoint, a tensor of unknown rank.
BundleHeader parse_bundle_header(std::string_view message, const std::string& origin);
BundleEntry parse_bundle_entry(std::string_view message, const std::string& origin);

// "DT_FLOAT"; "DT_99" for a type this program never heard of.
std::string data_type_name(int64_t data_type);
// Nullopt for what holds no plain numbers: strings, variants, quantized and complex types.
std::optional<ElementType> data_type_elements(int64_t data_type);

// The name under which a part of a partitioned variable is stored
// (tensorflow/core/util/saved_tensor_slice_util.cc, an ordered code): it begins with a zero byte, which no
// tensor's own name does.
std::string slice_key(std::string_view tensor, const BundleSlice& slice);
inline bool is_slice_key(std::string_view key) {
  return key.starts_with('\0');
}

}  // namespace cloze
