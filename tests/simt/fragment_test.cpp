// mma and ldmatrix as the emulator has them, against the element numbers of the PTX manual.
#include <gtest/gtest.h>

#include "kernels/common/philox.h"
#include "tests/simt/fragment_kernels.h"

namespace cloze::testing {
namespace {

// Whole numbers of 0 … 255, of which sums of products are exact in whatever order and precision a tensor core
// adds.
std::vector<BFloat16> whole_numbers(size_t count, uint32_t seed) {
  std::vector<BFloat16> values;
  for (uint32_t i = 0; i < count; ++i)
    values.push_back(to_bfloat16(static_cast<float>(philox({i, seed, 0, 0}, {1, 2}).word0 % 256)));
  return values;
}

std::vector<BFloat16> some_values(size_t count, uint32_t seed) {
  std::vector<BFloat16> values;
  for (uint32_t i = 0; i < count; ++i)
    values.push_back(to_bfloat16(unit_float(philox({i, seed, 0, 0}, {1, 2}).word0) - 0.5f));
  return values;
}

TEST(Fragments, ProductOfAWarp) {
  const std::vector<BFloat16> a = whole_numbers(16 * 16, 1), b = whole_numbers(16 * 8, 2);
  std::vector<float> c(16 * 8);
  for (size_t i = 0; i < c.size(); ++i) c[i] = static_cast<float>(i);
  const std::vector<float> d = multiply_on_warp(a, b, c);
  for (size_t row = 0; row < 16; ++row)
    for (size_t column = 0; column < 8; ++column) {
      double sum = c[row * 8 + column];
      for (size_t k = 0; k < 16; ++k)
        sum += double{to_float(a[row * 16 + k])} * double{to_float(b[k * 8 + column])};
      EXPECT_EQ(d[row * 8 + column], static_cast<float>(sum)) << row << ", " << column;
    }
}

TEST(Fragments, LoadsFromATile) {
  const std::vector<BFloat16> tile = some_values(64 * 64, 3);
  for (const TileLoad load : {TileLoad::a, TileLoad::a_transposed, TileLoad::b, TileLoad::b_straight})
    for (const int row : {0, 16, 48})
      for (const int column : {0, 32, 48}) {
        const LoadedFragments fragments = load_from_tile(load, tile, row, column);
        for (size_t i = 0; i < fragments.loaded.size(); ++i)
          ASSERT_EQ(fragments.loaded[i].bits, fragments.expected[i].bits)
              << "load " << static_cast<int>(load) << " at " << row << ", " << column << ", lane " << i / 8
              << " element " << i % 8;
      }
}

}  // namespace
}  // namespace cloze::testing
