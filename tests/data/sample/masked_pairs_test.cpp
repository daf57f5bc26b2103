#include "engine/data/sample/masked_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace cloze {
namespace {

struct Made {
  std::vector<SampleDocument> documents;
  std::vector<MaskedPair> pairs;
};

Made make(const MaskingRules& rules = {}, int64_t sentences = 12000) {
  Made made{make_documents(sample_world(), 3, DrawPurpose::floor_documents, sentences), {}};
  made.pairs = make_masked_pairs(sample_world(), made.documents, rules, 3);
  return made;
}

int length(const MaskedPair& pair) {
  return static_cast<int>(pair.first.truth.size() + pair.second.truth.size());
}

int count_masks(const MaskedSegment& segment) {
  return static_cast<int>(std::count(segment.seen.begin(), segment.seen.end(), masked_word));
}

TEST(MaskedPairs, KeepToTheLengthAndFillBothSegments) {
  for (const int32_t limit : {24, 64, 128}) {
    for (const MaskedPair& pair : make({.max_sequence_length = limit}, 2000).pairs) {
      EXPECT_LE(length(pair) + 3, limit);
      EXPECT_FALSE(pair.first.truth.empty());
      EXPECT_FALSE(pair.second.truth.empty());
    }
  }
}

TEST(MaskedPairs, PredictAsManyAsBertDoes) {
  int64_t masks = 0, others = 0;
  for (const MaskedPair& pair : make().pairs) {
    const int wanted = std::max(1, static_cast<int>(std::nearbyint((length(pair) + 3) * 0.15)));
    EXPECT_EQ(count_masks(pair.first) + count_masks(pair.second) + pair.kept_or_replaced, wanted);
    masks += count_masks(pair.first) + count_masks(pair.second);
    others += pair.kept_or_replaced;
  }
  const double all = static_cast<double>(masks + others);
  EXPECT_NEAR(masks / all, 0.8, 5 * std::sqrt(0.16 / all));
}

TEST(MaskedPairs, ReplaceOneInTwoOfTheUnmasked) {
  int64_t replaced = 0, kept_or_replaced = 0;
  for (const MaskedPair& pair : make().pairs) {
    kept_or_replaced += pair.kept_or_replaced;
    for (const MaskedSegment* segment : {&pair.first, &pair.second}) {
      for (size_t i = 0; i < segment->truth.size(); ++i) {
        replaced += segment->seen[i] != masked_word && segment->seen[i] != segment->truth[i] ? 1 : 0;
      }
    }
  }
  const auto n = static_cast<double>(kept_or_replaced);
  EXPECT_NEAR(static_cast<double>(replaced) / n, 0.5, 5 * std::sqrt(0.25 / n));
}

TEST(MaskedPairs, PiecesCoverTheSegmentAndKnowWhatWasCut) {
  int64_t cut = 0;
  for (const MaskedPair& pair : make().pairs) {
    for (const MaskedSegment* segment : {&pair.first, &pair.second}) {
      int32_t at = 0;
      for (const SentencePiece& piece : segment->pieces) {
        EXPECT_EQ(piece.begin, at);
        EXPECT_LT(piece.begin, piece.end);
        EXPECT_LE(piece.offset + piece.end - piece.begin, piece.full_length);
        cut += piece.end - piece.begin < piece.full_length ? 1 : 0;
        at = piece.end;
        if (piece.offset + piece.end - piece.begin == piece.full_length) {
          EXPECT_EQ(segment->truth[static_cast<size_t>(at - 1)], sample_world().full_stop());
        }
      }
      EXPECT_EQ(at, static_cast<int32_t>(segment->truth.size()));
    }
  }
  EXPECT_GT(cut, 0);
}

TEST(MaskedPairs, LabelSaysWhetherTheDocumentGoesOn) {
  const Made made = make();
  const auto appears_in = [](const MaskedSegment& segment, const SampleDocument& document) {
    const SentencePiece& piece = segment.pieces.front();
    const auto begin = segment.truth.begin() + piece.begin, end = segment.truth.begin() + piece.end;
    return std::any_of(document.sentences.begin(), document.sentences.end(),
                       [&](const SampleSentence& sentence) {
                         return static_cast<int32_t>(sentence.size()) == piece.full_length &&
                                std::equal(begin, end, sentence.begin() + piece.offset);
                       });
  };
  int64_t random = 0;
  for (const MaskedPair& pair : made.pairs) {
    random += pair.random_next ? 1 : 0;
    if (pair.random_next) continue;
    EXPECT_TRUE(
        std::any_of(made.documents.begin(), made.documents.end(), [&](const SampleDocument& document) {
          return appears_in(pair.first, document) && appears_in(pair.second, document);
        }));
  }
  const double share = static_cast<double>(random) / static_cast<double>(made.pairs.size());
  EXPECT_GT(share, 0.5);  // one-sentence chunks have no continuation
  EXPECT_LT(share, 0.75);
}

TEST(MaskedPairs, AreAFunctionOfTheSeed) {
  const Made made = make({}, 500);
  const auto again = make_masked_pairs(sample_world(), made.documents, {}, 3);
  const auto other = make_masked_pairs(sample_world(), made.documents, {}, 4);
  ASSERT_EQ(again.size(), made.pairs.size());
  for (size_t i = 0; i < again.size(); ++i) EXPECT_EQ(again[i].second.seen, made.pairs[i].second.seen);
  EXPECT_NE(other[0].first.seen, made.pairs[0].first.seen);
}

}  // namespace
}  // namespace cloze
