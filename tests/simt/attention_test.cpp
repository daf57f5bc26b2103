#include "kernels/attention/attention.h"

#include "kernels/attention/attention_cuda.h"
#include "tests/simt/attention_case.h"

namespace cloze::testing {
namespace {

TEST(CudaAttention, HeadSizes) {
  for (const int64_t head_size : {4, 8, 20, 32, 40, 64, 80, 96, 128}) {
    SCOPED_TRACE(head_size);
    expect_all({2, head_size, {{37, 37}, {1, 1}, {70, 18}}, 0.1f, 0, 0, head_size < 40 || head_size == 128});
  }
}

TEST(CudaAttention, LengthsAtTheEdgesOfTiles) {
  for (const int32_t length : {1, 2, 7, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129}) {
    SCOPED_TRACE(length);
    expect_all({1, 64, {{length, length}, {3, 3}}, 0.1f, 0, 0, length <= 33});
  }
}

TEST(CudaAttention, QueriesMayBeASubset) {
  expect_all({2, 64, {{1, 90}, {0, 20}, {7, 7}, {0, 0}, {130, 20}, {0, 100}}});
}

TEST(CudaAttention, WithoutDropoutAndWithMuch) {
  expect_all({2, 32, {{70, 70}, {5, 200}, {20, 20}}, 0});
  expect_all({2, 32, {{70, 70}, {5, 200}, {20, 20}}, 0.5f});
}

TEST(CudaAttention, QueryGradientOnChip) {
  Cuda device = emulated_device();
  EXPECT_GE(attention_most_queries_on_chip(device, 64), 512);
  EXPECT_GE(attention_most_queries_on_chip(device, 128), 256);
  expect_all({1, 64, {{200, 200}, {40, 40}, {129, 129}}, 0.1f, 0, 0, false});
  expect_all({1, 64, {{500, 512}}, 0.1f, 512, 0, false});
}

// With little shared memory long sequences take the kernels that keep nothing on chip, beside short ones.
TEST(CudaAttention, Tiled) {
  expect_all({2, 64, {{200, 200}, {40, 40}, {0, 70}, {129, 300}}, 0.1f, 0, 99 * 1024, false});
  expect_all({1, 128, {{150, 150}, {64, 64}}, 0.1f, 0, 100 * 1024, false});
  expect_all({1, 32, {{70, 70}, {66, 130}}, 0.1f, 0, 46 * 1024, false});
}

TEST(CudaAttention, RandomShapes) {
  for_random_shapes(6, [](ShapeDraws& draw) {
    AttentionSetup setup{draw.between(1, 3), 8 * draw.between(1, 16), {}, draw.one_of({0.0f, 0.1f, 0.5f})};
    for (int64_t sequences = draw.between(1, 4); sequences > 0; --sequences) {
      const auto keys =
          static_cast<int32_t>(draw.one_of<int64_t>({1, draw.between(1, 40), draw.between(50, 150)}));
      const auto queries = static_cast<int32_t>(draw.coin() ? keys : draw.between(0, 2 * keys));
      setup.sequences.push_back({queries, keys});
    }
    setup.shared_bytes = draw.coin() ? 0 : 100 * 1024;
    setup.f32 = false;
    setup.ordered = draw.coin();
    expect_all(setup);
  });
}

std::vector<int32_t> work_of(const std::vector<int32_t>& queries, const std::vector<int32_t>& keys,
                             int32_t live) {
  const auto columns = static_cast<int64_t>(keys.size());
  std::vector<int32_t> first;
  for_each_order([&](uint64_t order) {
    Stage<Cuda> cuda(emulated_device(), DType::f32, Storage::f32);
    Stage<Reference> reference({}, DType::f32, Storage::f32);
    std::vector<double> results[2];
    const auto run = [&](auto& stage, std::vector<double>& result) {
      Tensor query_offsets = stage.ids({1, columns}, queries);
      query_offsets.live = stage.live(live);
      const Tensor key_offsets = stage.ids({1, columns}, keys), work = stage.output_ids({3, columns});
      attention_work(stage.device(), AttentionWork{query_offsets, key_offsets, work});
      for (int64_t row = 0; row < 3; ++row) {
        Tensor one = work;
        one.data = work.row<int32_t>(row);
        one.rows = 1;
        one.columns = live + 1;
        const std::vector<double> values = stage.read(one);
        result.insert(result.end(), values.begin(), values.end());
      }
    };
    run(cuda, results[0]);
    run(reference, results[1]);
    EXPECT_EQ(results[0], results[1]);
    if (order == 0) first.assign(results[0].begin(), results[0].end());
  });
  return first;
}

// Sequences of 10, 200, 64, 65, no and 130 keys.
TEST(CudaAttention, WorkIsOrderedLongestFirst) {
  const std::vector<int32_t> offsets = {0, 10, 210, 274, 339, 339, 469, 469, 469};
  EXPECT_EQ(work_of(offsets, offsets, 6),
            (std::vector<int32_t>{1, 5, 3, 0, 2, 4, 6, 0, 4, 7, 9, 10, 11, 11, 0, 4, 7, 9, 10, 11, 11}));
  const std::vector<int32_t> queries = {0, 0, 3, 3, 68, 68, 69, 69, 69};
  EXPECT_EQ(work_of(queries, offsets, 6),
            (std::vector<int32_t>{1, 5, 3, 0, 2, 4, 6, 0, 1, 2, 4, 4, 4, 4, 0, 4, 7, 9, 10, 11, 11}));
  EXPECT_EQ(work_of(offsets, offsets, 0), (std::vector<int32_t>{0, 0, 0}));
}

TEST(CudaAttention, NothingLive) {
  expect_all({2, 64, {}});
}

}  // namespace
}  // namespace cloze::testing
