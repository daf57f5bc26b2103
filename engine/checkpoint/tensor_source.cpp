#include "engine/checkpoint/tensor_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/base/error.h"

namespace cloze {

int64_t element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) count *= dimension;
  return count;
}

std::string describe_shape(std::span<const int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

int64_t TensorSource::find(std::string_view name) const {
  const auto& all = tensors();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const TensorInfo& info) { return info.name == name; });
  return found == all.end() ? -1 : found - all.begin();
}

std::vector<float> TensorSource::values_of(std::string_view name) const {
  const int64_t index = find(name);
  if (index < 0) {
    throw Error({.what = fmt::format("no tensor is named `{}`", name), .where = origin()});
  }
  std::vector<float> values(static_cast<size_t>(element_count(tensors()[static_cast<size_t>(index)].shape)));
  read(static_cast<size_t>(index), values);
  return values;
}

}  // namespace cloze
