// The rules of pairing and masking run on Python's generator and give what create_pretraining_data.py of
// google-research/bert gives (values made by running its unmodified functions).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/data/masking.h"
#include "engine/data/pairing.h"
#include "tests/data/python_random.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using testing::PythonRandom;

TEST(PythonRandom, FirstValues) {
  PythonRandom random(12345);
  EXPECT_DOUBLE_EQ(random.unit(), 0.41661987254534116);
  EXPECT_DOUBLE_EQ(random.unit(), 0.010169169457068361);
}

TEST(GoogleRules, TruncatesThePair) {
  PythonRandom random(12345);
  TokenRange a{0, 8}, b{100, 5};
  truncate_pair(a, b, 7, random);
  EXPECT_EQ(a.first, 3u);
  EXPECT_EQ(a.length, 4u);
  EXPECT_EQ(b.first, 102u);
  EXPECT_EQ(b.length, 3u);
  EXPECT_DOUBLE_EQ(random.unit(), 0.5660081687288613);
}

TEST(GoogleRules, RoundsHalfToEven) {
  InstanceOptions options;
  options.max_predictions = 100;
  const auto wanted = [&](int length) { return predictions_wanted(length, options); };
  EXPECT_EQ(wanted(10), 2);    // 1.5
  EXPECT_EQ(wanted(30), 4);    // 4.5
  EXPECT_EQ(wanted(50), 8);    // 7.5
  EXPECT_EQ(wanted(70), 10);   // 10.5
  EXPECT_EQ(wanted(90), 14);   // 13.5
  EXPECT_EQ(wanted(110), 16);  // 16.5
  EXPECT_EQ(wanted(3), 1);     // never none
  options.max_predictions = 12;
  EXPECT_EQ(wanted(110), 12);
}

// [CLS] the man jump ##ed up , put his basket on phil ##am ##mon ' s head [SEP] he was very happy about that
// day [SEP]: the token at position p is 100 + p; ids below 20 are the 20 words of the replacement vocabulary,
// 4 is [MASK].
class GoogleMasks : public ::testing::Test {
 protected:
  GoogleMasks() {
    for (int p = 0; p < 26; ++p) tokens_.push_back(100 + p);
    for (int32_t id = 0; id < 20; ++id) words_.push_back(id);
    continues_.resize(200);
    for (const int p : {4, 12, 13}) continues_[static_cast<size_t>(100 + p)] = 1;
  }
  std::vector<Prediction> mask(PythonRandom& random) {
    const MaskingVocabulary vocabulary{.mask_id = 4, .replacements = words_, .continues_word = continues_};
    MaskCandidates candidates;
    std::vector<Prediction> predictions;
    masked_ = tokens_;
    mask_sequence(std::span(masked_), 16, 7, options_, vocabulary, random, candidates, predictions);
    return predictions;
  }
  static std::vector<int> positions(const std::vector<Prediction>& predictions) {
    std::vector<int> all;
    for (const auto& prediction : predictions) all.push_back(prediction.position);
    return all;
  }
  std::vector<int32_t> outputs(const std::vector<Prediction>& predictions) const {
    std::vector<int32_t> all;
    for (const auto& prediction : predictions)
      all.push_back(masked_[static_cast<size_t>(prediction.position)]);
    return all;
  }

  InstanceOptions options_;
  std::vector<int32_t> tokens_, words_, masked_;
  std::vector<uint8_t> continues_;
};

TEST_F(GoogleMasks, Pieces) {
  PythonRandom random(12345);
  const auto predictions = mask(random);
  EXPECT_THAT(positions(predictions), ElementsAre(4, 13, 18, 21));
  for (const auto& prediction : predictions) {
    EXPECT_EQ(prediction.label, 100 + prediction.position);
    EXPECT_EQ(prediction.kind, MaskKind::masked);
    EXPECT_EQ(masked_[static_cast<size_t>(prediction.position)], 4);
  }
  EXPECT_DOUBLE_EQ(random.unit(), 0.02352121814220054);
}

TEST_F(GoogleMasks, WholeWords) {
  options_.whole_word = true;
  PythonRandom random(12345);
  EXPECT_THAT(positions(mask(random)), ElementsAre(5, 10, 21, 23));
  EXPECT_DOUBLE_EQ(random.unit(), 0.205714186422282);
}

TEST_F(GoogleMasks, KeepsAndReplaces) {
  options_.masked_probability = 0.5;
  PythonRandom random(7);
  constexpr int32_t m = 4, w4 = 9, w7 = 12, w12 = 17, w13 = 18;
  auto predictions = mask(random);
  EXPECT_THAT(positions(predictions), ElementsAre(6, 7, 8, 9, 14, 15, 16, 18, 20, 21, 22, 23, 24));
  EXPECT_THAT(outputs(predictions), ElementsAre(w13, m, m, m, m, m, m, m, w7, m, m, m, m));
  predictions = mask(random);
  EXPECT_THAT(positions(predictions), ElementsAre(1, 5, 6, 8, 10, 13, 14, 15, 18, 20, 21, 22, 23));
  EXPECT_THAT(outputs(predictions), ElementsAre(m, m, 106, m, m, m, m, 115, m, m, m, w4, 123));
  EXPECT_EQ(predictions[2].kind, MaskKind::kept);
  EXPECT_EQ(predictions[11].kind, MaskKind::replaced);
  predictions = mask(random);
  EXPECT_THAT(positions(predictions), ElementsAre(2, 4, 5, 6, 7, 8, 10, 11, 13, 14, 18, 19, 22));
  EXPECT_THAT(outputs(predictions), ElementsAre(m, m, m, m, m, m, m, w12, 113, m, m, m, m));
  EXPECT_DOUBLE_EQ(random.unit(), 0.3587711653316248);
}

// Token t of segment s of document d has the id 1000 d + 100 s + t + 100.
TEST(GoogleRules, WholeDocumentLoop) {
  const std::vector<std::vector<int>> lengths = {{3, 5, 3, 5, 3}, {4, 6, 4, 6, 4}, {5, 3, 5, 3, 5}};
  std::vector<testing::Document> documents;
  for (int d = 0; d < 3; ++d) {
    testing::Document document;
    for (int s = 0; s < 5; ++s) {
      testing::Sentence sentence;
      for (int t = 0; t < lengths[static_cast<size_t>(d)][static_cast<size_t>(s)]; ++t) {
        sentence.push_back(1000 * d + 100 * s + t + 100);
      }
      document.push_back(sentence);
    }
    documents.push_back(document);
  }
  const testing::TemporaryFolder folder;
  const auto corpus = testing::make_corpus(folder.path(), documents, testing::numbered_pieces(4000));

  InstanceOptions options;
  options.max_sequence_length = 16;
  options.max_predictions = 3;
  std::vector<int32_t> words(20);
  for (int32_t id = 0; id < 20; ++id) words[static_cast<size_t>(id)] = id;
  const std::vector<uint8_t> continues(4000);
  const MaskingVocabulary vocabulary{.mask_id = 4, .replacements = words, .continues_word = continues};

  // Written as in the table: tokens after masking (0 [CLS], 1 [SEP], 4 [MASK]), predicted positions, labels.
  struct Expected {
    bool random_next;
    std::vector<int32_t> tokens;
    std::vector<int> positions;
    std::vector<int32_t> labels;
  };
  constexpr int32_t cls = 0, sep = 1, m = 4;
  const std::vector<Expected> expected = {
      {false,
       {cls, 100, 101, 102, sep, 200, 201, 202, 203, 204, m, 301, 302, 400, 401, sep},
       {1, 10},
       {100, 300}},
      {true, {cls, 500, 501, 502, sep, 2400, m, 2402, 2500, m, 2502, 2503, 2504, sep}, {6, 9}, {2401, 2501}},
      {true,
       {cls, 1100, 1101, 1102, m, 1200, 1201, 1202, m, 1204, 1205, sep, 2200, 2201, 2202, sep},
       {4, 8},
       {1103, 1203}},
      {false,
       {cls, 1301, 1302, 1303, 1400, 1401, 1402, 1403, 1404, 1405, sep, m, 1501, 1502, m, sep},
       {11, 14},
       {1500, 1503}},
      {true,
       {cls, 2100, 2101, 2102, m, 2104, sep, m, 101, 102, 200, 201, 202, 203, 204, sep},
       {4, 7},
       {2103, 100}},
      {true,
       {cls, 2201, 2202, 2300, m, 2302, m, 2304, 2400, 2401, sep, 1500, 1501, 1502, 1503, sep},
       {4, 6},
       {2301, 2303}},
      {true,
       {cls, 2500, 2501, 2502, 2503, 2504, sep, 200, 201, 202, 203, m, 300, 301, 302, sep},
       {8, 11},
       {201, 204}}};

  PythonRandom random(12345);
  size_t made = 0;
  MaskCandidates candidates;
  std::vector<Prediction> predictions;
  for (uint32_t d = 0; d < 3; ++d) {
    plan_document(*corpus, d, 0, options, random, [&](const InstanceReference& reference) {
      ASSERT_LT(made, expected.size());
      const Expected& want = expected[made++];
      std::vector<int32_t> tokens(static_cast<size_t>(reference.tokens()), sep);
      tokens[0] = cls;
      corpus->copy_tokens(reference.first_a, reference.length_a, &tokens[1]);
      corpus->copy_tokens(reference.first_b, reference.length_b, &tokens[2 + size_t{reference.length_a}]);
      mask_sequence(std::span(tokens), reference.length_a, reference.length_b, options, vocabulary, random,
                    candidates, predictions);
      EXPECT_EQ(reference.random_next, want.random_next) << made;
      EXPECT_EQ(tokens, want.tokens) << made;
      ASSERT_EQ(predictions.size(), want.positions.size()) << made;
      for (size_t i = 0; i < predictions.size(); ++i) {
        EXPECT_EQ(predictions[i].position, want.positions[i]) << made;
        EXPECT_EQ(predictions[i].label, want.labels[i]) << made;
      }
    });
  }
  EXPECT_EQ(made, 7u);
  EXPECT_DOUBLE_EQ(random.unit(), 0.33046584707469195);
}

}  // namespace
}  // namespace cloze
