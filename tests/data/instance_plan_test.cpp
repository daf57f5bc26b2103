#include "engine/data/instance_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>
#include <tuple>

#include "engine/base/error.h"
#include "engine/data/draw_sequence.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

constexpr uint64_t seed = 11;
const BatchSize sixteen{BatchSize::Unit::sequences, 16};

auto order_of(const InstanceReference& r) {
  return std::tuple(r.variant, r.document, r.ordinal);
}

std::vector<InstanceReference> sorted(std::vector<InstanceReference> sequences) {
  std::sort(sequences.begin(), sequences.end(),
            [](const auto& a, const auto& b) { return order_of(a) < order_of(b); });
  return sequences;
}

class Plan : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    corpus_ = testing::make_corpus(folder_->path(), testing::random_documents(300, 30, 40, 200, 5),
                                   testing::numbered_pieces(200));
  }
  static void TearDownTestSuite() {
    corpus_.reset();
    delete folder_;
  }
  static InstanceOptions options() {
    InstanceOptions options;
    options.max_sequence_length = 64;
    return options;
  }
  // Small windows, so that there are several.
  static InstancePlan plan(const InstanceOptions& options, int threads = 1, uint64_t window = 500) {
    return InstancePlan(corpus_, options, seed, threads, window);
  }
  static std::vector<InstanceReference> stream(const InstancePlan& plan, uint64_t first, uint64_t count) {
    std::vector<InstanceReference> all;
    for (uint64_t i = first; i < first + count; ++i) {
      all.push_back(plan.batch(static_cast<int64_t>(i), {BatchSize::Unit::sequences, 1}).at(0));
    }
    return all;
  }
  static std::vector<InstanceReference> epoch(const InstancePlan& plan, int64_t epoch) {
    uint64_t first = 0;
    for (int64_t e = 0; e < epoch; ++e) first += plan.epoch_size(e).sequences;
    return stream(plan, first, plan.epoch_size(epoch).sequences);
  }

  static testing::TemporaryFolder* folder_;
  static std::shared_ptr<const Corpus> corpus_;
};
testing::TemporaryFolder* Plan::folder_ = nullptr;
std::shared_ptr<const Corpus> Plan::corpus_;

TEST_F(Plan, AnEpochHoldsEverySequenceOnce) {
  const InstancePlan plan = this->plan(options());
  for (const int64_t e : {0, 1}) {
    std::vector<InstanceReference> expected;
    for (uint32_t d = 0; d < corpus_->documents(); ++d) {
      DrawSequence draws(data_key(seed, DataPurpose::pairing, static_cast<uint64_t>(e)), d, 0);
      plan_document(*corpus_, d, static_cast<uint32_t>(e), options(), draws,
                    [&](const InstanceReference& sequence) { expected.push_back(sequence); });
    }
    const auto got = epoch(plan, e);
    EXPECT_EQ(sorted(got), sorted(expected));
    EXPECT_NE(got, expected);
    uint64_t tokens = 0;
    for (const auto& sequence : expected) tokens += static_cast<uint64_t>(sequence.tokens());
    EXPECT_EQ(plan.epoch_size(e), (StreamSize{expected.size(), tokens}));
  }
}

TEST_F(Plan, AnyStepInAnyOrder) {
  const InstancePlan forwards = plan(options()), threaded = plan(options(), 3);
  std::vector<std::vector<InstanceReference>> batches;
  const auto steps = static_cast<int64_t>(3 * forwards.epoch_size(0).sequences / 16);
  for (int64_t step = 0; step < steps; ++step) batches.push_back(forwards.batch(step, sixteen));
  for (int64_t step = steps - 1; step >= 0; step -= 7) {
    EXPECT_EQ(threaded.batch(step, sixteen), batches[static_cast<size_t>(step)]) << step;
  }
  const InstancePlan late = plan(options());
  EXPECT_EQ(late.batch(steps - 1, sixteen), batches.back());
}

TEST_F(Plan, BatchesFollowOneAnother) {
  const InstancePlan plan = this->plan(options());
  const auto single = stream(plan, 0, 16 * 200);
  for (int64_t step = 0; step < 200; ++step) {
    const auto batch = plan.batch(step, sixteen);
    ASSERT_EQ(batch.size(), 16u);
    EXPECT_TRUE(std::equal(batch.begin(), batch.end(), single.begin() + step * 16));
  }
}

TEST_F(Plan, ABatchMayBeLargerThanAnEpoch) {
  const InstancePlan plan = this->plan(options());
  const uint64_t size = plan.epoch_size(0).sequences + plan.epoch_size(1).sequences + 10;
  const auto batch = plan.batch(0, {BatchSize::Unit::sequences, static_cast<int64_t>(size)});
  EXPECT_EQ(batch, stream(plan, 0, size));
  EXPECT_EQ(batch.back().variant, 2u);
}

TEST_F(Plan, TokenBatchesCoverTheStreamAndFit) {
  const InstancePlan plan = this->plan(options());
  const BatchSize size{BatchSize::Unit::tokens, 600};
  std::vector<InstanceReference> joined;
  double tokens = 0;
  const int64_t steps = 400;
  for (int64_t step = 0; step < steps; ++step) {
    const auto batch = plan.batch(step, size);
    ASSERT_FALSE(batch.empty());
    int sum = 0;
    for (const auto& sequence : batch) sum += sequence.tokens();
    EXPECT_LE(sum, 600);
    tokens += sum;
    joined.insert(joined.end(), batch.begin(), batch.end());
  }
  EXPECT_EQ(joined, stream(plan, 0, joined.size()));
  EXPECT_NEAR(tokens / steps, 600 - 64 + 1, 1);
  EXPECT_EQ(this->plan(options()).batch(steps - 1, size), plan.batch(steps - 1, size));
}

TEST_F(Plan, WindowsChangeTheOrderOnly) {
  const InstancePlan small = plan(options(), 1, 100), one = plan(options(), 1, 1 << 20);
  const auto in_small = epoch(small, 0), in_one = epoch(one, 0);
  EXPECT_NE(in_small, in_one);
  EXPECT_EQ(sorted(in_small), sorted(in_one));
}

// Neighbours in the stream come from different documents about as often as chance has it.
TEST_F(Plan, SequencesOfADocumentAreSpread) {
  const InstancePlan plan = this->plan(options(), 1, 1 << 20);
  const auto all = epoch(plan, 0);
  int64_t together = 0;
  std::map<uint32_t, double> of_document;
  for (size_t i = 0; i < all.size(); ++i) {
    if (i > 0) together += all[i].document == all[i - 1].document;
    ++of_document[all[i].document];
  }
  const auto n = static_cast<double>(all.size());
  double expected = 0;
  for (const auto& [document, count] : of_document) expected += count * (count - 1) / n;
  EXPECT_NEAR(static_cast<double>(together), expected, 5 * std::sqrt(expected));
}

TEST_F(Plan, FixedMasksComeRoundFreshOnesDoNot) {
  InstanceOptions fixed = options();
  fixed.masks = MaskPolicy::fixed;
  fixed.mask_variants = 2;
  const InstancePlan plan = this->plan(fixed);
  const auto e0 = epoch(plan, 0), e1 = epoch(plan, 1), e2 = epoch(plan, 2);
  EXPECT_NE(e0, e2);
  EXPECT_EQ(sorted(e0), sorted(e2));
  EXPECT_NE(sorted(e0), sorted(e1));
  EXPECT_EQ(plan.epoch_size(5), plan.epoch_size(1));
  EXPECT_EQ(epoch(this->plan(options()), 2).front().variant, 2u);
}

TEST_F(Plan, PairsObeyTheRules) {
  const InstancePlan plan = this->plan(options());
  for (const auto& s : epoch(plan, 0)) {
    ASSERT_GE(s.length_a, 1);
    ASSERT_GE(s.length_b, 1);
    ASSERT_LE(s.tokens(), 64);
    const DocumentView view = corpus_->document(s.document);
    ASSERT_GE(s.first_a, view.first_token);
    ASSERT_LE(s.first_a + s.length_a, view.first_token + view.tokens());
    if (!s.random_next) {
      // B follows A, up to what was cut off between them, in the same document.
      ASSERT_GE(s.first_b, s.first_a + s.length_a);
      ASSERT_LE(s.first_b + s.length_b, view.first_token + view.tokens());
    } else {
      ASSERT_LE(s.first_b + s.length_b, corpus_->tokens());
      const bool same = s.first_b >= view.first_token && s.first_b < view.first_token + view.tokens();
      ASSERT_FALSE(same) << "ten tries among 300 documents find another one";
    }
  }
}

TEST_F(Plan, HalfOfTheSecondSegmentsAreRandom) {
  // Documents of many sentences: only a document's last sequence may have a single sentence, which is always
  // paired at random.
  const testing::TemporaryFolder folder;
  const auto corpus = testing::make_corpus(folder.path(), testing::random_documents(40, 2000, 10, 200, 6),
                                           testing::numbered_pieces(200));
  const InstancePlan plan(corpus, options(), seed);
  const auto size = plan.epoch_size(0).sequences;
  const auto all = plan.batch(0, {BatchSize::Unit::sequences, static_cast<int64_t>(size)});
  const auto random = std::count_if(all.begin(), all.end(), [](const auto& s) { return s.random_next; });
  const auto n = static_cast<double>(size);
  EXPECT_NEAR(static_cast<double>(random), n / 2, 5 * std::sqrt(n / 4) + 40);
}

TEST_F(Plan, OneDocumentInTenIsCutShort) {
  // Documents of 200 sentences of one token: the target shows in how long A and B together are before the
  // last sequence.
  const testing::TemporaryFolder folder;
  const std::vector<testing::Document> documents(3000, testing::Document(200, testing::Sentence{7}));
  const auto corpus = testing::make_corpus(folder.path(), documents, testing::numbered_pieces(10));
  std::map<uint32_t, int> longest;
  const InstancePlan plan(corpus, options(), seed);
  for (const auto& s :
       plan.batch(0, {BatchSize::Unit::sequences, static_cast<int64_t>(plan.epoch_size(0).sequences)})) {
    longest[s.document] = std::max(longest[s.document], s.length_a + s.length_b);
  }
  int64_t shortened = 0;
  double sum = 0;
  for (const auto& [document, tokens] : longest) {
    ASSERT_LE(tokens, 61);
    if (tokens < 61) {
      ++shortened;
      sum += tokens;
    }
  }
  // randint(2, 61) leaves it at 61 once in 60.
  const double rate = 0.1 * 59 / 60;
  EXPECT_NEAR(static_cast<double>(shortened), 3000 * rate, 5 * std::sqrt(3000 * rate));
  EXPECT_NEAR(sum / static_cast<double>(shortened), (2 + 60) / 2.0, 5);  // uniform from 2 to 60
}

TEST_F(Plan, WithoutPairsEveryTokenIsUsedOnce) {
  InstanceOptions plain = options();
  plain.next_sentence = false;
  const InstancePlan plan = this->plan(plain);
  std::vector<int> used(corpus_->tokens());
  for (const auto& s : epoch(plan, 0)) {
    EXPECT_EQ(s.length_b, 0);
    EXPECT_LE(s.tokens(), 64);
    for (uint64_t t = s.first_a; t < s.first_a + s.length_a; ++t) ++used[t];
  }
  EXPECT_TRUE(std::all_of(used.begin(), used.end(), [](int count) { return count == 1; }));
}

TEST_F(Plan, ASingleDocumentIsPairedWithItself) {
  const testing::TemporaryFolder folder;
  const auto corpus =
      testing::make_corpus(folder.path(), {{{5, 6, 7}, {8, 9}, {5}}}, testing::numbered_pieces(10));
  const InstancePlan plan(corpus, options(), seed);
  const auto batch = plan.batch(0, sixteen);
  EXPECT_EQ(batch.size(), 16u);
  for (const auto& s : batch) EXPECT_LE(s.first_b + s.length_b, 6u);
}

TEST_F(Plan, KnowsWhereItIs) {
  const InstancePlan plan = this->plan(options());
  EXPECT_EQ(plan.epochs_before(0, sixteen), 0.0);
  const auto first = static_cast<double>(plan.epoch_size(0).sequences);
  EXPECT_DOUBLE_EQ(plan.epochs_before(3, sixteen), 48 / first);
  const auto half_of_second =
      static_cast<int64_t>(first + static_cast<double>(plan.epoch_size(1).sequences) / 2) / 16;
  EXPECT_NEAR(plan.epochs_before(half_of_second, sixteen), 1.5, 0.02);
}

TEST_F(Plan, RefusesImpossibleBatches) {
  const InstancePlan plan = this->plan(options());
  EXPECT_THROW(plan.batch(0, {BatchSize::Unit::sequences, 0}), UsageError);
  EXPECT_THROW(plan.batch(0, {BatchSize::Unit::tokens, 126}), UsageError);
  EXPECT_NO_THROW(plan.batch(0, {BatchSize::Unit::tokens, 127}));
}

TEST_F(Plan, ThreadsAgreeAndCanBeInterrupted) {
  InstancePlan plan(corpus_, options(), seed, 2, 300);
  std::vector<std::vector<InstanceReference>> got(4);
  {
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < got.size(); ++t) {
      threads.emplace_back([&, t] {
        for (int64_t step = 0; step < 300; ++step) {
          const auto batch = plan.batch((step * 37 + static_cast<int64_t>(t) * 5) % 300, sixteen);
          got[t].push_back(batch[static_cast<size_t>(step % 16)]);
        }
      });
    }
  }
  const InstancePlan alone = this->plan(options(), 1, 300);
  for (size_t t = 0; t < got.size(); ++t) {
    for (int64_t step = 0; step < 300; ++step) {
      const auto batch = alone.batch((step * 37 + static_cast<int64_t>(t) * 5) % 300, sixteen);
      ASSERT_EQ(got[t][static_cast<size_t>(step)], batch[static_cast<size_t>(step % 16)]);
    }
  }
  plan.interrupt();
  EXPECT_THROW(plan.batch(100000, sixteen), InstancePlan::Interrupted);
}

}  // namespace
}  // namespace cloze
