#include "engine/checkpoint/bundle_slice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/checkpoint/tensor_source.h"

namespace cloze {
namespace {

bool lies_inside(std::span<const int64_t> shape, const BundleSlice& slice) {
  if (slice.size() != shape.size()) return false;
  for (size_t d = 0; d < shape.size(); ++d) {
    const BundleExtent& extent = slice[d];
    if (extent.start > shape[d] || extent.length.value_or(0) > shape[d] - extent.start) return false;
    if (!extent.length && extent.start != 0) return false;
  }
  return true;
}

bool overlap(std::span<const int64_t> shape, const BundleSlice& a, const BundleSlice& b) {
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t a_end = a[d].start + a[d].length.value_or(shape[d]);
    const int64_t b_end = b[d].start + b[d].length.value_or(shape[d]);
    if (a_end <= b[d].start || b_end <= a[d].start) return false;
  }
  return true;
}

}  // namespace

std::string describe_slice(const BundleSlice& slice) {
  std::vector<std::string> extents;
  for (const BundleExtent& extent : slice) {
    extents.push_back(extent.length ? fmt::format("{}:{}", extent.start, extent.start + *extent.length)
                                    : std::string(":"));
  }
  return fmt::format("[{}]", fmt::join(extents, ", "));
}

std::vector<int64_t> slice_shape(std::span<const int64_t> shape, const BundleSlice& slice) {
  std::vector<int64_t> part;
  for (size_t d = 0; d < slice.size(); ++d) part.push_back(slice[d].length.value_or(shape[d]));
  return part;
}

std::string trouble_with_slices(std::span<const int64_t> shape, std::span<const BundleSlice> slices) {
  int64_t whole = 1;
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(whole, size, &whole)) return "it is too large";
  }
  int64_t covered = 0;
  for (size_t i = 0; i < slices.size(); ++i) {
    if (!lies_inside(shape, slices[i])) {
      return fmt::format("its part {} does not lie inside {}", describe_slice(slices[i]),
                         describe_shape(shape));
    }
    covered += element_count(slice_shape(shape, slices[i]));
    if (covered > whole) break;
    for (size_t j = 0; j < i; ++j) {
      if (overlap(shape, slices[i], slices[j])) {
        return fmt::format("its parts {} and {} overlap", describe_slice(slices[j]),
                           describe_slice(slices[i]));
      }
    }
  }
  if (covered == whole) return "";
  return fmt::format("its parts hold {} values, the whole {} of them {}", covered > whole ? "more" : "fewer",
                     describe_shape(shape), whole);
}

void place_slice(std::span<const int64_t> shape, const BundleSlice& slice, std::span<const float> part,
                 std::span<float> whole) {
  if (part.empty()) return;
  const std::vector<int64_t> part_shape = slice_shape(shape, slice);
  const int64_t row = part_shape.empty() ? 1 : part_shape.back();  // contiguous on both sides
  const int64_t rows = static_cast<int64_t>(part.size()) / row;
  for (int64_t r = 0; r < rows; ++r) {
    int64_t left = r, stride = 1, at = 0;
    for (size_t d = shape.size(); d-- > 0;) {
      int64_t position = slice[d].start;
      if (d + 1 < shape.size()) {
        position += left % part_shape[d];
        left /= part_shape[d];
      }
      at += position * stride;
      stride *= shape[d];
    }
    std::copy_n(part.begin() + r * row, row, whole.begin() + at);
  }
}

}  // namespace cloze
