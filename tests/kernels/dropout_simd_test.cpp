#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/kernels/dropout_simd_test.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/dropout_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {

void fill_row(const Dropout& dropout, int64_t row, uint32_t column, int64_t columns, float* multipliers) {
  dropout_fill(hn::ScalableTag<float>(), dropout_row(dropout, row), column, columns, multipliers);
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "tests/kernels/kernel_test.h"

namespace cloze {
HWY_EXPORT(fill_row);

namespace testing {
namespace {

struct Mask {
  explicit Mask(float probability, uint32_t site = 7) {
    key[0] = static_cast<int32_t>(0xDEADBEEF);
    key[1] = 12345;
    row_ids.at(0, 0) = 3;
    row_ids.at(0, 1) = 511;
    row_ids.at(1, 0) = static_cast<int32_t>(0xFFFFFFF0);
    row_ids.at(1, 1) = 0;
    dropout = {probability, site, key.tensor(), row_ids.tensor()};
  }
  Buffer<int32_t> key{1, 2}, row_ids{2, 2};
  Dropout dropout;
};

TEST(DropoutSimd, DrawsTheDefinedDecisions) {
  for (const float probability : {0.1f, 0.5f, 1e-5f, 0.999f}) {
    Mask mask(probability);
    for_each_simd_target([&] {
      for (const uint32_t first : {0u, 8u, 1016u})
        for (const int64_t row : {0, 1}) {
          const int64_t columns = 192;  // whole groups of every target
          Buffer<float> multipliers(1, columns);
          HWY_DYNAMIC_DISPATCH(fill_row)(mask.dropout, row, first, columns, multipliers.data());
          for (int64_t i = 0; i < columns; ++i)
            ASSERT_EQ(multipliers[i], dropout_multiplier(mask.dropout, row, first + i))
                << "column " << first + i;
        }
    });
  }
}

TEST(DropoutSimd, KeepsTheStatedShareAndDiffersByEverything) {
  const int64_t columns = 65536;
  const auto draw = [&](Mask mask, int64_t row) {
    std::vector<float> multipliers(columns);
    HWY_DYNAMIC_DISPATCH(fill_row)(mask.dropout, row, 0, columns, multipliers.data());
    return multipliers;
  };
  const auto base = draw(Mask(0.1f), 0);
  const auto kept = columns - std::count(base.begin(), base.end(), 0.0f);
  EXPECT_NEAR(static_cast<double>(kept) / columns, 0.9, 5 * std::sqrt(0.09 / columns));
  EXPECT_NEAR(*std::max_element(base.begin(), base.end()), 1 / 0.9, 1e-4);
  Mask other_key(0.1f);
  other_key.key[1] = 12346;
  for (const auto& other : {draw(Mask(0.1f), 1), draw(Mask(0.1f, 8), 0), draw(other_key, 0)}) {
    int64_t agreeing = 0;
    for (int64_t i = 0; i < columns; ++i) agreeing += base[i] == other[i];
    EXPECT_NEAR(static_cast<double>(agreeing) / columns, 0.82, 0.01);  // 0.9² + 0.1²: independent
  }
}

}  // namespace
}  // namespace testing
}  // namespace cloze
#endif
