#include "kernels/rows/rows.h"

#include "tests/simt/stage.h"

namespace cloze::testing {
namespace {

// Distinct rows of [0, count): every third, going round.
std::vector<int32_t> some_rows(int32_t count, int64_t capacity) {
  std::vector<int32_t> rows;
  for (int32_t i = 0; i < static_cast<int32_t>(capacity); ++i) rows.push_back((i * 3 + 1) % count);
  return rows;
}

struct Shape {
  int64_t columns, gap;
};
const std::vector<Shape> shapes = {{64, 0}, {1024, 8}, {2, 0}, {1, 0}, {72, 1}};
constexpr int32_t source_rows = 50;  // no multiple of 3: every third going round is distinct
constexpr int64_t capacity = 21;
constexpr int32_t live = 17;

TEST(CudaRows, Gather) {
  for (const Shape& shape : shapes)
    expect_matches_reference([&](auto& stage) {
      const Tensor input = stage.input({source_rows, shape.columns, shape.gap});
      Tensor index = stage.ids({capacity, 1}, some_rows(source_rows, capacity));
      index.live = stage.live(live);
      const Tensor output = stage.output({capacity, shape.columns});
      gather_rows(stage.device(), GatherRows{input, index, output});
      stage.compare("rows", output, live);
    });
}

TEST(CudaRows, GatherOfIds) {
  expect_matches_reference(Storage::f32, [&](auto& stage) {
    std::vector<int32_t> ids;
    for (int32_t i = 0; i < source_rows; ++i) ids.push_back(100 * i);
    const Tensor input = stage.ids({source_rows, 1}, ids);
    const Tensor index = stage.ids({capacity, 1}, some_rows(source_rows, capacity));
    const Tensor output = stage.output_ids({capacity, 1});
    gather_rows(stage.device(), GatherRows{input, index, output});
    stage.compare("ids", output);
  });
}

TEST(CudaRows, Scatter) {
  for (const Shape& shape : shapes)
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate})
      expect_matches_reference([&](auto& stage) {
        const Tensor input = stage.input({capacity, shape.columns, shape.gap});
        Tensor index = stage.ids({capacity, 1}, some_rows(source_rows, capacity));
        index.live = stage.live(live);
        Tensor output = mode == GradientMode::accumulate ? stage.input({source_rows, shape.columns})
                                                         : stage.output({source_rows, shape.columns});
        output.live = stage.live(source_rows);
        scatter_rows(stage.device(), ScatterRows{input, index, output, mode});
        stage.stored(output);
        stage.compare("rows", output);
      });
}

}  // namespace
}  // namespace cloze::testing
