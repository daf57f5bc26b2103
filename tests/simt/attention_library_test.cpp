// Attention by a library: on the emulator by plain loops over the tables that Cloze fills, in tests/gpu by
// cuDNN.
#include <cmath>

#include "kernels/attention/attention_plan.h"
#include "tests/simt/attention_case.h"

namespace cloze::testing {
namespace {

class LibraryAttention : public ::testing::Test {
 protected:
  void SetUp() override {
    if (attention_library(emulated_device()) == nullptr)
      GTEST_SKIP() << "there is no library that computes attention on this GPU";
  }
};

AttentionSetup by_library(AttentionSetup setup) {
  setup.f32 = false;
  setup.by_library = true;
  return setup;
}

TEST_F(LibraryAttention, ComputesWhatOurKernelsDo) {
  expect_all(by_library({2, 64, {{37, 37}, {1, 1}, {70, 70}}}));
  expect_all(by_library({3, 32, {{5, 40}, {1, 128}, {129, 129}}, 0, 256}));
  expect_all(by_library({1, 128, {{64, 64}, {65, 65}}}));
}

TEST_F(LibraryAttention, NothingLive) {
  expect_all(by_library({2, 64, {}}));
}

// The output is linear in the values: with one mask, <output, its gradient> = <values, their gradient>.
TEST_F(LibraryAttention, ForwardAndBackwardDropTheSame) {
  constexpr int64_t heads = 2, size = 64, hidden = heads * size;
  const std::vector<int32_t> lengths = {50, 3, 64}, offsets = {0, 50, 53, 117};
  const int64_t rows = offsets.back();
  Stage<Cuda> stage(emulated_device(), DType::f32, Storage::bf16);
  const auto library = attention_library(stage.device());
  stage.device().attention = library.get();
  const auto column = [](Tensor tensor, int64_t which) {
    tensor.data = tensor.row<BFloat16>(0) + which * hidden;
    tensor.columns = hidden;
    return tensor;
  };
  const Tensor packed = stage.input({rows, 3 * hidden}), gradients = stage.output({rows, 3 * hidden});
  const Tensor at = stage.ids({1, 4}, offsets), output = stage.output({rows, hidden}),
               logarithms = stage.output_f32({rows, heads}), output_gradient = stage.input({rows, hidden});
  const Dropout dropout = stage.dropout(0.3f, lengths);
  const AttentionShape shape{heads, size, 0.125f, 64};
  attention_forward(stage.device(), AttentionForward{shape, column(packed, 0), column(packed, 1),
                                                     column(packed, 2), at, at, dropout, output, logarithms});
  attention_backward(stage.device(),
                     AttentionBackward{shape, column(packed, 0), column(packed, 1), column(packed, 2), at, at,
                                       dropout, output, logarithms, output_gradient, column(gradients, 0),
                                       column(gradients, 1), column(gradients, 2)});
  const auto product = [&](const Tensor& left, const Tensor& right, double& size_of_terms) {
    const std::vector<double> a = stage.read(left), b = stage.read(right);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i], squares += a[i] * b[i] * a[i] * b[i];
    size_of_terms = std::sqrt(squares);
    return sum;
  };
  double of_outputs = 0, of_values = 0;
  const double by_output = product(output, output_gradient, of_outputs),
               by_value = product(column(packed, 2), column(gradients, 2), of_values);
  constexpr double rounding = 1.0 / 256;  // of bf16, in each term
  EXPECT_NEAR(by_output, by_value, 4 * rounding * (of_outputs + of_values));
  EXPECT_GT(std::abs(by_output), 20 * rounding * (of_outputs + of_values));  // it says something
}

std::vector<double> filled(const std::function<void(StageBase&, FillAttentionTables&)>& change,
                           std::vector<double>* lengths = nullptr, std::vector<double>* places = nullptr) {
  Stage<Cuda> stage(emulated_device(), DType::f32, Storage::bf16);
  constexpr int64_t slots = 4;
  FillAttentionTables op;
  op.query_offsets = stage.ids({1, slots + 1}, {0, 3, 10, 12, 12});
  op.query_offsets.live = stage.live(3);
  op.key_offsets = stage.ids({1, slots + 1}, {0, 5, 20, 21, 21});
  op.dropout = stage.dropout(0.1f, {3, 7, 2});
  op.shape = {.sequences = slots,
              .query_stride = 192,
              .key_stride = 128,
              .output_stride = 64,
              .statistics_stride = 2,
              .output_gradient_stride = 64,
              .query_gradient_stride = 192,
              .key_gradient_stride = 136};
  op.tables.places = stage.output_ids({AttentionTables::place_count, slots + 1});
  op.tables.lengths = stage.output_ids({2, slots});
  op.tables.random = stage.output_ids({1, 4});
  change(stage, op);
  fill_attention_tables(stage.device(), op);
  if (lengths != nullptr) *lengths = stage.read(op.tables.lengths);
  if (places != nullptr) *places = stage.read(op.tables.places);
  return stage.read(op.tables.random);
}

TEST(AttentionTables, SayWhereSequencesLie) {
  std::vector<double> lengths, places;
  filled([](StageBase&, FillAttentionTables&) {}, &lengths, &places);
  EXPECT_EQ(lengths, (std::vector<double>{3, 7, 2, 0, 5, 15, 1, 0}));
  const std::vector<double> queries = {0, 3, 10, 12, 12}, keys = {0, 5, 20, 21, 21};
  const std::vector<double> strides = {192, 128, 64, 2, 64, 192, 136};
  for (size_t place = 0; place < strides.size(); ++place)
    for (size_t slot = 0; slot <= 4; ++slot) {
      const bool of_keys =
          place == AttentionTables::key_place || place == AttentionTables::key_gradient_place;
      EXPECT_EQ(places[place * 5 + slot], (of_keys ? keys : queries)[slot] * strides[place])
          << place << ", " << slot;
    }
}

TEST(AttentionTables, HaveASeedOfTheirOwnForEachOpStepAndBatch) {
  const auto nothing = [](StageBase&, FillAttentionTables&) {};
  const std::vector<double> seed = filled(nothing);
  EXPECT_EQ(filled(nothing), seed);
  EXPECT_NE(seed[0], 0);
  EXPECT_GE(seed[1], 0);  // the high half of a 64-bit integer
  EXPECT_EQ(seed[2], 0);
  EXPECT_EQ(seed[3], 0);
  EXPECT_NE(filled([](StageBase&, FillAttentionTables& op) { ++op.dropout.site; }), seed);
  EXPECT_NE(filled([](StageBase& stage, FillAttentionTables& op) {
              op.dropout.key = stage.ids({1, 2}, {9, 9});
            }),
            seed);
  EXPECT_NE(filled([](StageBase& stage, FillAttentionTables& op) {
              std::vector<int32_t> ids(24, 7);  // the batch of another rank
              op.dropout.row_ids = stage.ids({12, 2}, ids);
            }),
            seed);
  EXPECT_EQ(filled([](StageBase&, FillAttentionTables& op) { op.dropout.probability = 0; }),
            (std::vector<double>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace cloze::testing
