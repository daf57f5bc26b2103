#include "engine/data/instance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "engine/base/error.h"
#include "engine/config/config.h"
#include "engine/data/instance_plan.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

constexpr uint64_t seed = 3;
constexpr int32_t vocabulary_size = 120;

class Instances : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    std::vector<int32_t> continuations;  // a third of the pieces
    for (int32_t id = 5; id < vocabulary_size; id += 3) continuations.push_back(id);
    corpus_ =
        testing::make_corpus(folder_->path(), testing::random_documents(200, 30, 40, vocabulary_size, 8),
                             testing::numbered_pieces(vocabulary_size, continuations));
  }
  static void TearDownTestSuite() {
    corpus_.reset();
    delete folder_;
  }
  static std::vector<InstanceReference> some(const InstanceOptions& options, int64_t count) {
    return InstancePlan(corpus_, options, seed).batch(0, {BatchSize::Unit::sequences, count});
  }
  static std::vector<int32_t> original(const InstanceReference& r) {
    std::vector<int32_t> tokens(static_cast<size_t>(r.tokens()), 3);
    tokens[0] = 2;
    corpus_->copy_tokens(r.first_a, r.length_a, &tokens[1]);
    if (r.length_b > 0) corpus_->copy_tokens(r.first_b, r.length_b, &tokens[2 + size_t{r.length_a}]);
    return tokens;
  }

  static testing::TemporaryFolder* folder_;
  static std::shared_ptr<const Corpus> corpus_;
};
testing::TemporaryFolder* Instances::folder_ = nullptr;
std::shared_ptr<const Corpus> Instances::corpus_;

TEST_F(Instances, MasksEightyTenTen) {
  const InstanceOptions options;
  const InstanceMaker maker(corpus_, options, seed);
  Instance instance;
  double total = 0, masked = 0, kept = 0, replaced = 0, same = 0;
  std::vector<int64_t> drawn(vocabulary_size), positions(128);
  for (const auto& reference : some(options, 4000)) {
    maker.make(reference, instance);
    const auto before = original(reference);
    ASSERT_EQ(instance.tokens.size(), before.size());
    ASSERT_EQ(static_cast<int>(instance.predictions.size()),
              std::min(predictions_wanted(reference.tokens(), options), reference.tokens() - 3));
    EXPECT_EQ(maker.count_predictions(reference, instance), static_cast<int>(instance.predictions.size()));
    std::vector<int32_t> restored = instance.tokens;
    int last = 0;
    for (const Prediction& prediction : instance.predictions) {
      const auto at = static_cast<size_t>(prediction.position);
      ASSERT_GT(prediction.position, last);
      last = prediction.position;
      ASSERT_EQ(prediction.label, before[at]);
      ASSERT_GE(prediction.label, 5) << "[CLS] and [SEP] are never predicted";
      restored[at] = prediction.label;
      ++total;
      switch (prediction.kind) {
        case MaskKind::masked:
          ++masked;
          EXPECT_EQ(instance.tokens[at], 4);
          break;
        case MaskKind::kept:
          ++kept;
          EXPECT_EQ(instance.tokens[at], prediction.label);
          break;
        case MaskKind::replaced:
          ++replaced;
          ++drawn[static_cast<size_t>(instance.tokens[at])];
          same += instance.tokens[at] == prediction.label;
          break;
      }
    }
    ASSERT_EQ(restored, before) << "nothing else has changed";
  }
  const auto near = [&](double count, double rate) {
    EXPECT_NEAR(count, total * rate, 5 * std::sqrt(total * rate * (1 - rate)));
  };
  near(masked, 0.8);
  near(kept, 0.1);
  near(replaced, 0.1);
  near(same, 0.1 / vocabulary_size);
  for (const int64_t count : drawn) {  // specials included
    const double expected = replaced / vocabulary_size;
    EXPECT_NEAR(static_cast<double>(count), expected, 5 * std::sqrt(expected));
  }
}

TEST_F(Instances, WholeWordsAreMaskedTogether) {
  InstanceOptions options;
  options.whole_word = true;
  const InstanceMaker maker(corpus_, options, seed);
  const Vocabulary& vocabulary = corpus_->vocabulary();
  Instance instance;
  Instance working_memory;
  for (const auto& reference : some(options, 1500)) {
    maker.make(reference, instance);
    const auto before = original(reference);
    std::set<int> chosen;
    for (const Prediction& prediction : instance.predictions) chosen.insert(prediction.position);
    EXPECT_LE(static_cast<int>(chosen.size()), predictions_wanted(reference.tokens(), options));
    EXPECT_EQ(maker.count_predictions(reference, working_memory), static_cast<int>(chosen.size()));
    int word_start = 0;
    for (int i = 1; i + 1 < reference.tokens(); ++i) {
      if (i == 1 + reference.length_a) continue;  // [SEP]: the word goes on across it
      const bool continues = vocabulary.piece(before[static_cast<size_t>(i)]).starts_with("##");
      if (!continues || word_start == 0) word_start = i;
      ASSERT_EQ(chosen.contains(i), chosen.contains(word_start)) << i;
    }
  }
}

TEST_F(Instances, AWordTooLongForTheWantedNumberIsLeft) {
  const testing::TemporaryFolder folder;
  // A: 5 ##6 ##6 ##6, B: ##6 ##6: one word of six pieces, across [SEP]; two predictions are wanted.
  const auto corpus =
      testing::make_corpus(folder.path(), {{{5, 6, 6, 6}, {6, 6}}}, testing::numbered_pieces(7, {6}));
  InstanceOptions options;
  options.masked_probability = 0.2;
  InstanceReference reference{.first_a = 0, .first_b = 4, .length_a = 4, .length_b = 2};
  Instance instance;
  InstanceMaker(corpus, options, seed).make(reference, instance);
  EXPECT_EQ(instance.predictions.size(), 2u);
  options.whole_word = true;
  InstanceMaker(corpus, options, seed).make(reference, instance);
  EXPECT_EQ(instance.predictions.size(), 0u);
  // A "##" piece at the very beginning is a candidate of its own; those behind it join it.
  reference = {.first_a = 1, .first_b = 4, .length_a = 1, .length_b = 1};
  InstanceMaker(corpus, options, seed).make(reference, instance);
  EXPECT_EQ(instance.predictions.size(), 0u);
  options.masked_probability = 0.4;
  InstanceMaker(corpus, options, seed).make(reference, instance);
  EXPECT_EQ(instance.predictions.size(), 2u);
}

TEST_F(Instances, MasksDependOnTheSequenceAlone) {
  const InstanceOptions options;
  const InstanceMaker maker(corpus_, options, seed), other_seed(corpus_, options, seed + 1);
  const auto references = some(options, 50);
  std::vector<Instance> forwards(50), backwards(50);
  for (size_t i = 0; i < 50; ++i) maker.make(references[i], forwards[i]);
  Instance reused;
  int differing = 0;
  for (size_t i = 50; i-- > 0;) {
    maker.make(references[i], reused);
    EXPECT_EQ(reused.tokens, forwards[i].tokens);
    EXPECT_EQ(reused.predictions, forwards[i].predictions);
    InstanceReference later = references[i];
    ++later.variant;
    maker.make(later, reused);
    differing += reused.predictions != forwards[i].predictions;
    other_seed.make(references[i], reused);
    differing += reused.predictions != forwards[i].predictions;
  }
  EXPECT_GT(differing, 95);
}

TEST_F(Instances, TypesChangeBehindTheFirstSeparator) {
  Instance instance;
  InstanceMaker(corpus_, {}, seed).make({.first_a = 0, .first_b = 9, .length_a = 3, .length_b = 2}, instance);
  std::vector<int> types;
  for (size_t i = 0; i < instance.tokens.size(); ++i) types.push_back(instance.token_type(i));
  EXPECT_EQ(types, (std::vector<int>{0, 0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(instance.tokens[0], 2);
  EXPECT_EQ(instance.tokens[4], 3);
  EXPECT_EQ(instance.tokens[7], 3);
}

TEST_F(Instances, ShowsAnExampleAsGoogleDoes) {
  Instance instance;
  instance.tokens = {2, 7, 4, 3, 9, 3};
  instance.length_a = 2;
  instance.length_b = 1;
  instance.random_next = true;
  instance.predictions = {{.position = 2, .label = 8, .kind = MaskKind::masked}};
  InstanceOptions options;
  options.max_sequence_length = 8;
  options.max_predictions = 2;
  const Vocabulary vocabulary(testing::numbered_pieces(20), "test");
  EXPECT_EQ(show_example(instance, options, vocabulary),
            "*** Example ***\n"
            "tokens: [CLS] w2 [MASK] [SEP] w4 [SEP]\n"
            "input_ids: 2 7 4 3 9 3 0 0\n"
            "input_mask: 1 1 1 1 1 1 0 0\n"
            "segment_ids: 0 0 0 0 1 1 0 0\n"
            "masked_lm_positions: 2 0\n"
            "masked_lm_ids: 8 0\n"
            "masked_lm_weights: 1.0 0.0\n"
            "next_sentence_labels: 1\n");
}

TEST_F(Instances, RefusesImpossibleOptions) {
  const auto refused = [&](auto change) {
    InstanceOptions options;
    change(options);
    EXPECT_THROW(InstanceMaker(corpus_, options, seed), UsageError);
    EXPECT_THROW(InstancePlan(corpus_, options, seed), UsageError);
  };
  refused([](InstanceOptions& o) { o.max_sequence_length = 4; });
  refused([](InstanceOptions& o) { o.max_sequence_length = 40000; });
  refused([](InstanceOptions& o) { o.masked_probability = 1.1; });
  refused([](InstanceOptions& o) { o.short_sequence_probability = -0.1; });
  refused([](InstanceOptions& o) { o.max_predictions = 0; });
  refused([](InstanceOptions& o) { o.mask_variants = 0; });
}

TEST(InstanceOptions, AreReadFromYaml) {
  const auto options = config::read_text<InstanceOptions>(
      "max_sequence_length: 512\nmasks: static\nmask_variants: 5\nmasked_probability: 20%\nnext_sentence: "
      "false\n",
      "test");
  InstanceOptions expected;
  expected.max_sequence_length = 512;
  expected.masks = MaskPolicy::fixed;
  expected.mask_variants = 5;
  expected.masked_probability = 0.2;
  expected.next_sentence = false;
  EXPECT_EQ(options, expected);
  EXPECT_EQ(config::read_text<InstanceOptions>(config::dump(expected), "again"), expected);
  for (const char* wrong :
       {"max_sequence_length: 4", "masked_probability: 1.5", "masks: often", "max_predictions: 0"}) {
    EXPECT_THROW(config::read_text<InstanceOptions>(wrong, "test"), UsageError) << wrong;
  }
}

TEST_F(Instances, NeedsAMaskPiece) {
  const testing::TemporaryFolder folder;
  const auto corpus = testing::make_corpus(folder.path(), {{{4}}}, {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"});
  EXPECT_THROW(InstanceMaker(corpus, {}, seed), Error);
}

}  // namespace
}  // namespace cloze
