#include "engine/checkpoint/bundle_slice.h"

#include <gmock/gmock.h>

#include <numeric>

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Shape = std::vector<int64_t>;
using Slices = std::vector<BundleSlice>;

BundleSlice rows(int64_t start, int64_t length) {
  return {{.start = start, .length = length}, {}};
}

TEST(BundleSlice, ShapesAndDescriptions) {
  EXPECT_THAT(slice_shape(Shape{5, 3}, rows(1, 2)), ElementsAre(2, 3));
  EXPECT_EQ(describe_slice(rows(1, 2)), "[1:3, :]");
}

TEST(BundleSlice, PartsMustFillTheWhole) {
  const Shape shape = {5, 3};
  EXPECT_EQ(trouble_with_slices(shape, Slices{rows(0, 2), rows(2, 3)}), "");
  EXPECT_EQ(trouble_with_slices(shape, Slices{rows(2, 3), rows(0, 2), rows(5, 0)}), "");
  EXPECT_THAT(trouble_with_slices(shape, Slices{rows(0, 2)}), HasSubstr("fewer values"));
  EXPECT_THAT(trouble_with_slices(shape, Slices{rows(0, 2), rows(1, 3)}), HasSubstr("overlap"));
  EXPECT_THAT(trouble_with_slices(shape, Slices{rows(0, 5), rows(0, 5)}), HasSubstr("more values"));
  EXPECT_THAT(trouble_with_slices(shape, Slices{rows(4, 2)}), HasSubstr("does not lie inside"));
  EXPECT_THAT(trouble_with_slices(shape, Slices{BundleSlice{}}), HasSubstr("does not lie inside"));
  EXPECT_THAT(trouble_with_slices(Shape{1LL << 40, 1LL << 40}, Slices{rows(0, 1)}), HasSubstr("too large"));
}

TEST(BundleSlice, PartsGoWhereTheyBelong) {
  const Shape shape = {2, 3, 4};
  std::vector<float> whole(24, -1);
  const BundleSlice slice = {{}, {.start = 1, .length = 2}, {.start = 3, .length = 1}};
  const std::vector<float> part = {10, 11, 12, 13};
  place_slice(shape, slice, part, whole);
  for (size_t i = 0; i < whole.size(); ++i) {
    const size_t at[] = {i / 12, i / 4 % 3, i % 4};
    const bool inside = at[1] >= 1 && at[2] == 3;
    EXPECT_EQ(whole[i], inside ? static_cast<float>(10 + at[0] * 2 + at[1] - 1) : -1) << i;
  }
}

}  // namespace
}  // namespace cloze
