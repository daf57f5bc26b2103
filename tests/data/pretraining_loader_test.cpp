#include "engine/data/pretraining_loader.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/base/error.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

constexpr uint64_t seed = 21;

struct LiveRow {
  int32_t token, type, position, sequence;
  friend bool operator==(const LiveRow&, const LiveRow&) = default;
};

// What of a step does not depend on how it is cut up: all live rows, predictions and labels, in order of the
// batch.
struct GlobalBatch {
  std::vector<LiveRow> rows;
  std::vector<std::pair<size_t, int32_t>> predictions;  // row in the batch, label
  std::vector<int32_t> next_sentence;
  friend bool operator==(const GlobalBatch&, const GlobalBatch&) = default;

  void add(const PretrainingBatch& batch) {
    const PackedSequences& packed = batch.sequences;
    const size_t first = rows.size();
    for (int64_t t = 0; t < packed.live_tokens; ++t) {
      const auto row = static_cast<size_t>(t);
      rows.push_back(
          {packed.tokens[row], packed.token_types[row], packed.positions[row], packed.row_ids[2 * row]});
    }
    for (int64_t m = 0; m < batch.live_predictions; ++m) {
      const auto at = static_cast<size_t>(m);
      predictions.emplace_back(first + static_cast<size_t>(batch.prediction_rows[at]),
                               batch.prediction_labels[at]);
    }
    next_sentence.insert(next_sentence.end(), batch.next_sentence_labels.begin(),
                         batch.next_sentence_labels.begin() + packed.live_sequences);
  }
};

class Loader : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    corpus_ = testing::make_corpus(folder_->path(), testing::random_documents(200, 30, 30, 300, 5),
                                   testing::numbered_pieces(300, {7, 9, 11, 13, 100, 101, 102}));
  }
  static void TearDownTestSuite() {
    corpus_.reset();
    delete folder_;
  }
  static LoaderOptions options(int rank = 0, int world = 1, int64_t micro_sequences = 8) {
    LoaderOptions options;
    options.batch = {BatchSize::Unit::sequences, 32};
    options.ladder = capacity_ladder(capacity_of_sequences(InstanceOptions{}, micro_sequences));
    options.rank = rank;
    options.world = world;
    return options;
  }
  static std::unique_ptr<PretrainingLoader> loader(const LoaderOptions& options,
                                                   const InstanceOptions& instances = {}) {
    return std::make_unique<PretrainingLoader>(corpus_, instances, seed, options);
  }
  // The step put together from all ranks.
  static GlobalBatch step_of(int64_t step, int world, LoaderOptions base,
                             const InstanceOptions& instances = {}) {
    GlobalBatch whole;
    size_t share = 0;
    for (int rank = 0; rank < world; ++rank) {
      base.rank = rank;
      base.world = world;
      const auto one = loader(base, instances);
      const PretrainingStep& made = one->next(step);
      if (rank == 0) share = made.micro_batches.size();
      EXPECT_EQ(made.micro_batches.size(), share);
      for (const auto& batch : made.micro_batches) whole.add(batch);
      EXPECT_EQ(made.step, step);
    }
    return whole;
  }

  static testing::TemporaryFolder* folder_;
  static std::shared_ptr<const Corpus> corpus_;
};
testing::TemporaryFolder* Loader::folder_ = nullptr;
std::shared_ptr<const Corpus> Loader::corpus_;

TEST_F(Loader, TheGlobalBatchDoesNotDependOnTheWorld) {
  for (const bool whole_word : {false, true}) {
    InstanceOptions instances;
    instances.whole_word = whole_word;
    for (const int64_t step : {0, 5, 123}) {
      const GlobalBatch alone = step_of(step, 1, options(), instances);
      EXPECT_EQ(step_of(step, 2, options(), instances), alone);
      EXPECT_EQ(step_of(step, 4, options(), instances), alone);
      EXPECT_EQ(step_of(step, 3, options(), instances), alone);
      EXPECT_EQ(step_of(step, 1, options(0, 1, 3), instances), alone);
    }
  }
}

TEST_F(Loader, CountsTheWholeStepOnEveryRank) {
  for (const bool whole_word : {false, true}) {
    InstanceOptions instances;
    instances.whole_word = whole_word;
    const GlobalBatch whole = step_of(9, 1, options(), instances);
    for (int rank = 0; rank < 4; ++rank) {
      const auto one = loader(options(rank, 4), instances);
      const PretrainingStep& made = one->next(9);
      EXPECT_EQ(made.global_sequences, 32);
      EXPECT_EQ(made.global_tokens, static_cast<int64_t>(whole.rows.size()));
      EXPECT_EQ(made.global_predictions, static_cast<int64_t>(whole.predictions.size()));
    }
  }
}

// Of micro-batches on rungs so close together that each alone would take another.
TEST_F(Loader, MicroBatchesHaveOneCapacityOnAllRanks) {
  constexpr int world = 4;
  LoaderOptions close = options();
  const Capacity largest = close.ladder.back();
  close.ladder.clear();
  for (int64_t tokens = 16; tokens < largest.tokens; tokens += 16)
    close.ladder.push_back({tokens, largest.sequences, largest.predictions});
  close.ladder.push_back(largest);
  std::set<int64_t> live;
  std::vector<std::vector<Capacity>> of_ranks;
  for (close.rank = 0, close.world = world; close.rank < world; ++close.rank) {
    std::vector<Capacity>& capacities = of_ranks.emplace_back();
    const auto one = loader(close);
    for (int64_t step = 0; step < 3; ++step) {
      for (const PretrainingBatch& batch : one->next(step).micro_batches) {
        capacities.push_back(batch.capacity);
        live.insert(batch.sequences.live_tokens);
      }
    }
  }
  EXPECT_GT(live.size(), of_ranks[0].size());
  for (const auto& capacities : of_ranks) EXPECT_EQ(capacities, of_ranks[0]);
}

TEST_F(Loader, SequencesAreNumberedAcrossTheBatch) {
  const GlobalBatch whole = step_of(2, 2, options());
  int32_t expected = -1;
  for (const LiveRow& row : whole.rows) {
    if (row.position == 0) ++expected;
    ASSERT_EQ(row.sequence, expected);
  }
  EXPECT_EQ(expected, 31);
}

TEST_F(Loader, ReadsAheadAndJumps) {
  LoaderOptions ahead = options();
  ahead.threads = 3;
  ahead.steps_ahead = 5;
  const auto one = loader(ahead);
  for (const int64_t step : {0, 1, 2, 3, 40, 41, 42, 7, 8, 8}) {
    GlobalBatch got;
    const PretrainingStep& made = one->next(step);
    EXPECT_EQ(made.step, step);
    for (const auto& batch : made.micro_batches) got.add(batch);
    EXPECT_EQ(got, step_of(step, 1, options())) << step;
  }
}

TEST_F(Loader, BatchesStatedInTokens) {
  LoaderOptions tokens = options();
  tokens.batch = {BatchSize::Unit::tokens, 3000};
  const auto one = loader(tokens);
  int64_t least = 1 << 20, most = 0;
  for (int64_t step = 0; step < 30; ++step) {
    const PretrainingStep& made = one->next(step);
    EXPECT_LE(made.global_tokens, 3000);
    EXPECT_GT(made.global_tokens, 3000 - 2 * 128);
    least = std::min(least, made.global_sequences);
    most = std::max(most, made.global_sequences);
  }
  EXPECT_LT(least, most);
  EXPECT_EQ(step_of(3, 1, tokens), step_of(3, 2, tokens));
}

TEST_F(Loader, WithoutPairsThereAreNoLabels) {
  InstanceOptions instances;
  instances.next_sentence = false;
  const GlobalBatch whole = step_of(0, 1, options(), instances);
  EXPECT_EQ(whole.next_sentence, std::vector<int32_t>(32, -1));
  for (const LiveRow& row : whole.rows) ASSERT_EQ(row.type, 0);
}

TEST_F(Loader, SaysWhatCannotBe) {
  EXPECT_THROW(loader(options(0, 64)), UsageError);
  LoaderOptions narrow = options();
  narrow.ladder = {{64, 1, 20}};
  const auto one = loader(narrow);
  EXPECT_THROW(one->next(0), Error) << "a sequence of 128 tokens does not fit into 64";
}

TEST_F(Loader, CanBeLeftWhileTheNextEpochIsCounted) {
  const testing::TemporaryFolder folder;
  const auto large = testing::make_corpus(folder.path(), std::vector<testing::Document>(40000, {{5}, {6}}),
                                          testing::numbered_pieces(10));
  for (int round = 0; round < 3; ++round) {
    PretrainingLoader one(large, {}, seed, options());
    const uint64_t epoch = one.plan().epoch_size(0).sequences;
    EXPECT_EQ(one.next(static_cast<int64_t>(epoch / 32) - 1).micro_batches.size(), 4u);
  }
}

}  // namespace
}  // namespace cloze
