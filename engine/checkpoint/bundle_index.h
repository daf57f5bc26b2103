#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/checkpoint/bundle_entry.h"

namespace cloze {

// What PREFIX.index of a TensorFlow checkpoint says. The file is a LevelDB table from names to messages
// (tensorflow/core/util/tensor_bundle), its blocks plain or compressed by Snappy.
struct BundleIndex {
  BundleHeader header;
  std::map<std::string, BundleEntry> entries;  // by name; parts of partitioned variables by slice_key()
};

// Reads the bytes of an index file; every block's checksum is compared. Throws Error naming `origin` for a
// file that is cut short, damaged, no table at all, or without the header that makes it a checkpoint's index.
BundleIndex parse_bundle_index(std::string_view file, const std::string& origin);

}  // namespace cloze
