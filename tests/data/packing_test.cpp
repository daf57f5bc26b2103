#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/data/batch_split.h"
#include "engine/data/draw_sequence.h"
#include "engine/data/packer.h"
#include "engine/data/sequence_packing.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

std::vector<SequenceSize> sizes(std::initializer_list<int64_t> tokens) {
  std::vector<SequenceSize> all;
  for (const int64_t t : tokens) all.push_back({t, 1});
  return all;
}

TEST(SplitBatch, BalancesTokens) {
  const auto parts = split_batch(sizes({10, 10, 10, 10, 40, 5, 5, 30}), {60, 100, 100}, 3);
  EXPECT_EQ(parts, (std::vector<BatchPart>{{0, 4}, {4, 5}, {5, 8}}));
}

TEST(SplitBatch, UsesAsFewAsFitInMultiplesOfTheWorld) {
  const std::vector<SequenceSize> even(64, {.tokens = 128, .predictions = 20});
  const Capacity sixteen{16 * 128, 16, 16 * 20};
  EXPECT_EQ(split_batch(even, sixteen, 1).size(), 4u);
  EXPECT_EQ(split_batch(even, sixteen, 2).size(), 4u);
  EXPECT_EQ(split_batch(even, sixteen, 4).size(), 4u);
  EXPECT_EQ(split_batch(even, sixteen, 8).size(), 8u);
  EXPECT_EQ(split_batch(even, sixteen, 3).size(), 6u);
  EXPECT_EQ(split_batch(even, sixteen, 1), split_batch(even, sixteen, 4));
}

TEST(SplitBatch, ObeysEveryLimit) {
  DrawSequence draws(derive_key(1, 1, 1), 0, 0);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<SequenceSize> batch(1 + draws.below(60));
    for (auto& sequence : batch) sequence = {5 + draws.below(60), 1 + draws.below(9)};
    const Capacity largest{64 + draws.below(300), 1 + draws.below(20), 10 + draws.below(40)};
    const int world = 1 + static_cast<int>(draws.below(4));
    std::vector<BatchPart> parts;
    try {
      parts = split_batch(batch, largest, world);
    } catch (const Error&) {  // one sequence each would do, if every process had as many
      EXPECT_NE(batch.size() % static_cast<size_t>(world), 0u);
      continue;
    }
    EXPECT_EQ(parts.size() % static_cast<size_t>(world), 0u);
    size_t at = 0;
    for (const BatchPart& part : parts) {
      EXPECT_EQ(part.begin, at);
      EXPECT_GT(part.end, part.begin);
      Capacity held{0, static_cast<int64_t>(part.end - part.begin), 0};
      for (at = part.begin; at < part.end; ++at) {
        held.tokens += batch[at].tokens;
        held.predictions += batch[at].predictions;
      }
      EXPECT_TRUE(largest.holds(held));
    }
    EXPECT_EQ(at, batch.size());
  }
}

// Against all ways of cutting.
TEST(SplitBatch, LongestPartIsAsShortAsPossible) {
  DrawSequence draws(derive_key(1, 1, 2), 0, 0);
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<SequenceSize> batch(3 + draws.below(8));
    for (auto& sequence : batch) sequence = {1 + draws.below(50), 0};
    const auto longest = [&](const std::vector<BatchPart>& parts) {
      int64_t most = 0;
      for (const auto& part : parts) {
        int64_t tokens = 0;
        for (size_t i = part.begin; i < part.end; ++i) tokens += batch[i].tokens;
        most = std::max(most, tokens);
      }
      return most;
    };
    int64_t best = 1 << 20;
    for (size_t i = 1; i < batch.size(); ++i) {
      for (size_t j = i + 1; j < batch.size(); ++j)
        best = std::min(best, longest({{0, i}, {i, j}, {j, batch.size()}}));
    }
    EXPECT_EQ(longest(split_batch(batch, {10000, 100, 100}, 3)), best);
  }
}

TEST(SplitBatch, SaysWhatDoesNotFit) {
  EXPECT_THROW(split_batch(sizes({10, 61}), {60, 10, 10}, 1), Error);
  EXPECT_THROW(split_batch(sizes({10, 10}), {60, 10, 10}, 3), Error);
}

TEST(OrderByToken, IsAStableSort) {
  DrawSequence draws(derive_key(1, 1, 3), 0, 0);
  std::vector<int32_t> scratch;
  for (const uint32_t vocabulary : {1u, 10u, 512u, 513u, 30522u, 300000u}) {
    std::vector<int32_t> tokens(3000);
    for (auto& token : tokens) token = static_cast<int32_t>(draws.below(vocabulary));
    std::vector<int32_t> order(tokens.size()), expected(tokens.size());
    order_by_token(tokens, order, scratch);
    std::iota(expected.begin(), expected.end(), 0);
    std::stable_sort(expected.begin(), expected.end(), [&](int32_t a, int32_t b) {
      return tokens[static_cast<size_t>(a)] < tokens[static_cast<size_t>(b)];
    });
    EXPECT_EQ(order, expected) << vocabulary;
  }
  std::vector<int32_t> none;
  order_by_token({}, none, scratch);
}

class Packing : public ::testing::Test {
 protected:
  const testing::TemporaryFolder folder_;
  const std::shared_ptr<const Corpus> corpus_ = testing::make_corpus(
      folder_.path(), testing::random_documents(20, 10, 10, 100, 4), testing::numbered_pieces(100));
  const InstanceMaker maker_{corpus_, {}, 9};
  const std::vector<InstanceReference> references_ = {
      {.first_a = 0, .first_b = 20, .document = 0, .length_a = 6, .length_b = 5, .random_next = true},
      {.first_a = 40, .first_b = 43, .document = 1, .length_a = 3, .length_b = 9, .random_next = false}};
};

TEST_F(Packing, LaysSequencesBackToBack) {
  Packer packer(maker_);
  PretrainingBatch batch;
  // Memory that held a larger batch before must not show through.
  packer.pack(std::vector<InstanceReference>(4, references_[0]), 90, {{100, 6, 40}}, batch);
  packer.pack(references_, 7, {{10, 1, 2}, {40, 3, 8}, {80, 6, 20}}, batch);
  EXPECT_EQ(batch.capacity, (Capacity{40, 3, 8}));
  const PackedSequences& packed = batch.sequences;
  ASSERT_EQ(packed.live_tokens, 29);
  ASSERT_EQ(packed.live_sequences, 2);
  EXPECT_EQ(packed.sequence_offsets, (std::vector<int32_t>{0, 14, 29, 29}));
  EXPECT_EQ(packed.first_rows, (std::vector<int32_t>{0, 14, 0}));
  EXPECT_EQ(batch.next_sentence_labels, (std::vector<int32_t>{1, 0, -1}));
  ASSERT_EQ(packed.tokens.size(), 40u);
  ASSERT_EQ(packed.row_ids.size(), 80u);

  int64_t prediction = 0;
  for (size_t s = 0; s < 2; ++s) {
    Instance instance;
    maker_.make(references_[s], instance);
    const size_t first = s == 0 ? 0 : 14;
    for (size_t i = 0; i < instance.tokens.size(); ++i) {
      EXPECT_EQ(packed.tokens[first + i], instance.tokens[i]);
      EXPECT_EQ(packed.token_types[first + i], instance.token_type(i));
      EXPECT_EQ(packed.positions[first + i], static_cast<int32_t>(i));
      EXPECT_EQ(packed.row_ids[2 * (first + i)], 7 + static_cast<int32_t>(s));
      EXPECT_EQ(packed.row_ids[2 * (first + i) + 1], static_cast<int32_t>(i));
    }
    for (const Prediction& expected : instance.predictions) {
      const auto at = static_cast<size_t>(prediction++);
      EXPECT_EQ(batch.prediction_rows[at], static_cast<int32_t>(first) + expected.position);
      EXPECT_EQ(batch.prediction_labels[at], expected.label);
      EXPECT_EQ(batch.prediction_kinds[at], expected.kind);
    }
  }
  EXPECT_EQ(batch.live_predictions, prediction);
  for (auto at = static_cast<size_t>(prediction); at < 8; ++at) {
    EXPECT_EQ(batch.prediction_rows[at], 0);
    EXPECT_EQ(batch.prediction_labels[at], -1);
  }
  for (size_t row = 29; row < 40; ++row) {
    EXPECT_EQ(packed.tokens[row] | packed.token_types[row] | packed.positions[row] | packed.row_ids[2 * row],
              0);
    EXPECT_EQ(packed.token_order[row], static_cast<int32_t>(row));
  }
  for (size_t i = 1; i < 29; ++i) {
    const auto before = static_cast<size_t>(packed.token_order[i - 1]),
               here = static_cast<size_t>(packed.token_order[i]);
    EXPECT_LT(std::pair(packed.tokens[before], before), std::pair(packed.tokens[here], here));
  }
}

TEST_F(Packing, SaysWhenNoRungIsLargeEnough) {
  Packer packer(maker_);
  PretrainingBatch batch;
  EXPECT_THROW(packer.pack(references_, 0, {{20, 2, 20}}, batch), Error);
}

}  // namespace
}  // namespace cloze
