#pragma once

#include <cstdint>
#include <vector>

#include "kernels/common/bfloat16.h"

// Small kernels around the tensor-core wrappers, for the tests of what the emulator makes of them.
namespace cloze::testing {

// A [16, 16] · B [16, 8] + C [16, 8] by one warp, whose lanes pick their elements as the PTX manual numbers
// them.
std::vector<float> multiply_on_warp(const std::vector<BFloat16>& a, const std::vector<BFloat16>& b,
                                    const std::vector<float>& c);

// What each lane gets from a tile [64, 64] at (row, column), as 32 lanes x 8 elements: by the loads of
// kernels/attention/attention_tile.cuh, and element by element.
enum class TileLoad : uint8_t { a, a_transposed, b, b_straight };
struct LoadedFragments {
  std::vector<BFloat16> loaded, expected;
};
LoadedFragments load_from_tile(TileLoad load, const std::vector<BFloat16>& tile, int row, int column);

}  // namespace cloze::testing
