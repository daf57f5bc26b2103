#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/checkpoint/tensor_source.h"

namespace cloze {

// A place in memory to be filled from a file.
struct TensorTarget {
  std::string name;
  std::vector<int64_t> shape;
  std::span<float> values;  // row-major, element_count(shape) of them; none: it is there already
};

// What became of each name on either side.
struct LoadReport {
  struct Mismatch {
    std::string name;
    std::vector<int64_t> wanted, found;
  };
  std::string origin;
  std::vector<std::string> loaded;
  std::vector<std::string> missing;     // wanted, not in the file: left as they were
  std::vector<std::string> unexpected;  // in the file, not wanted
  std::vector<Mismatch> mismatched;     // of another shape: left as they were

  bool complete() const { return missing.empty() && mismatched.empty(); }
};

// Fills every target whose name and shape the source has.
LoadReport load_tensors(const TensorSource& source, std::span<const TensorTarget> targets);

// "loaded 199 of 201 tensors from …", then a line per kind of trouble with the names.
std::string to_string(const LoadReport& report);

// Throws Error listing what is missing or of another shape; unexpected tensors are no error.
void require_complete(const LoadReport& report);

}  // namespace cloze
