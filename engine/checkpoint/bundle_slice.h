#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/checkpoint/bundle_entry.h"

// Variables that TensorFlow saved in parts (a partitioner shared them out between parameter servers).
namespace cloze {

std::string describe_slice(const BundleSlice& slice);  // "[0:100, :]"

// The shape of a part of a variable of that shape.
std::vector<int64_t> slice_shape(std::span<const int64_t> shape, const BundleSlice& slice);

// Empty where the parts lie inside the variable and cover each element once; else what is wrong.
std::string trouble_with_slices(std::span<const int64_t> shape, std::span<const BundleSlice> slices);

// Copies a part (row-major, of slice_shape()) to where it lies in the whole.
void place_slice(std::span<const int64_t> shape, const BundleSlice& slice, std::span<const float> part,
                 std::span<float> whole);

}  // namespace cloze
