#include "engine/text/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/text/test_vocabulary.h"

namespace cloze {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;

std::shared_ptr<const Vocabulary> vocabulary_of(Strings pieces) {
  return std::make_shared<Vocabulary>(std::move(pieces));
}

TEST(Tokenizer, GoogleUnitTest) {
  const Tokenizer tokenizer(vocabulary_of({"[UNK]", "[CLS]", "[SEP]", "want", "##want", "##ed", "wa", "un",
                                           "runn", "##ing", ",", "[PAD]"}),
                            {});
  EXPECT_EQ(tokenizer.encode("UNwant\u00E9d,running"), (std::vector<int32_t>{7, 4, 5, 10, 8, 9}));
}

TEST(Tokenizer, ReadmeExampleOfWordsAndPieces) {
  const Tokenizer tokenizer(
      vocabulary_of({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "john", "johan", "##son", "'", "s", "house"}), {});
  Strings pieces;
  std::vector<size_t> map;
  for (const char* word : {"John", "Johanson", "'s", "house"}) {
    map.push_back(pieces.size() + 1);  // behind [CLS]
    for (const std::string& piece : pieces_of(tokenizer.vocabulary(), tokenizer.encode(word)))
      pieces.push_back(piece);
  }
  EXPECT_EQ(pieces, (Strings{"john", "johan", "##son", "'", "s", "house"}));
  EXPECT_EQ(map, (std::vector<size_t>{1, 2, 4, 6}));
}

TEST(Tokenizer, ProseMatchesBothReferences) {
  const json file = json::parse(read_file(CLOZE_SOURCE_DIR "/tests/golden/text/ids.json"));
  for (size_t variant = 0; variant < file["variants"].size(); ++variant) {
    const json& name = file["variants"][variant];
    const Tokenizer tokenizer(
        golden_vocabulary(),
        {.lowercase = name[1],
         .rules = name[0] == "google" ? TokenizerRules::google : TokenizerRules::huggingface});
    for (const json& sample : file["cases"]) {
      ASSERT_EQ(tokenizer.encode(sample["text"].get<std::string>()),
                sample["ids"][variant].get<std::vector<int32_t>>())
          << name << ' ' << sample["text"];
    }
  }
}

TEST(Tokenizer, WordLimitsOfBothRules) {
  const auto vocabulary = vocabulary_of({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##a"});
  const auto pieces_for = [&](TokenizerOptions options, size_t letters) {
    return Tokenizer(vocabulary, options).encode(std::string(letters, 'a')).size();
  };
  EXPECT_EQ(pieces_for({}, 200), 200u);
  EXPECT_EQ(pieces_for({}, 201), 1u);
  EXPECT_EQ(pieces_for({.rules = TokenizerRules::huggingface}, 100), 100u);
  EXPECT_EQ(pieces_for({.rules = TokenizerRules::huggingface}, 101), 1u);
  EXPECT_EQ(pieces_for({.max_word_characters = 5}, 6), 1u);
  EXPECT_THROW(Tokenizer(vocabulary, {.max_word_characters = 0}), UsageError);
}

TEST(Tokenizer, SpecialTokensInTheText) {
  const auto vocabulary =
      vocabulary_of({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "[", "mask", "]", "##x", "x"});
  const std::string text = "The [MASK]x[mask][SEP";
  EXPECT_EQ(pieces_of(*vocabulary, Tokenizer(vocabulary, {}).encode("[MASK] the")),
            (Strings{"[", "mask", "]", "the"}));
  const Tokenizer keeping(vocabulary, {.keep_special_tokens = true});
  EXPECT_EQ(pieces_of(*vocabulary, keeping.encode(text)),
            (Strings{"the", "[MASK]", "x", "[", "mask", "]", "[", "[UNK]"}));
  EXPECT_EQ(keeping.encode("[CLS][CLS]"), (std::vector<int32_t>{2, 2}));
}

TEST(Tokenizer, ASpecialTokenTheVocabularyLacksIsText) {
  const auto vocabulary = vocabulary_of({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[", "mask", "]"});
  EXPECT_EQ(Tokenizer(vocabulary, {.keep_special_tokens = true}).encode("[MASK]"),
            (std::vector<int32_t>{4, 5, 6}));
}

TEST(Tokenizer, PiecesKnowTheirPlaceAndWord) {
  const auto vocabulary = vocabulary_of({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##want", "##ed",
                                         ",", "i", "##stan", "##bul", "=", "中"});
  const Tokenizer tokenizer(vocabulary, {.keep_special_tokens = true});
  const std::string text = "UN\u00adwant\u00E9d, [MASK] \u0130stanbul xyz 中≠";
  const std::vector<Piece> pieces = tokenizer.encode_with_offsets(text);
  Strings originals;
  std::vector<int32_t> ids, words;
  for (const Piece& piece : pieces) {
    ids.push_back(piece.id);
    words.push_back(piece.word);
    originals.push_back(text.substr(piece.span.begin, piece.span.end - piece.span.begin));
  }
  EXPECT_EQ(ids, tokenizer.encode(text));
  EXPECT_EQ(originals,
            (Strings{"UN", "want", "\u00E9d", ",", "[MASK]", "\u0130", "stan", "bul", "xyz", "中", "≠"}));
  EXPECT_EQ(words, (std::vector<int32_t>{0, 0, 0, 1, 2, 3, 3, 3, 4, 5, 6}));
}

// Arbitrary bytes: the quick and the slow entry agree, and places are ordered and inside the text.
TEST(Tokenizer, RandomBytesAreSafeAndOffsetsAgree) {
  std::mt19937 random(3);
  for (const bool lowercase : {true, false}) {
    const Tokenizer tokenizer(golden_vocabulary(), {.lowercase = lowercase, .keep_special_tokens = true});
    for (int round = 0; round < 3000; ++round) {
      std::string text;
      const size_t size = random() % 40;
      for (size_t i = 0; i < size; ++i) {
        const Strings choices = {
            std::string(1, static_cast<char>(random())), "Σ", "a", " ", "\u302e", "\u0301", "[MASK]", "中"};
        text += choices[random() % choices.size()];
      }
      const std::vector<Piece> pieces = tokenizer.encode_with_offsets(text);
      std::vector<int32_t> ids;
      size_t last = 0;
      for (const Piece& piece : pieces) {
        ids.push_back(piece.id);
        ASSERT_LT(piece.span.begin, piece.span.end);
        ASSERT_LE(piece.span.end, text.size());
        ASSERT_LE(last, piece.span.begin);
        last = piece.span.begin;
      }
      ASSERT_EQ(ids, tokenizer.encode(text)) << testing::PrintToString(text);
    }
  }
}

TEST(Tokenizer, OneObjectServesManyThreads) {
  const std::filesystem::path path = CLOZE_SOURCE_DIR "/tests/golden/text/ids.json";
  const std::string text = read_file(path);
  const Tokenizer tokenizer(golden_vocabulary(), {});
  const std::vector<int32_t> expected = tokenizer.encode(text);
  std::vector<std::vector<int32_t>> found(4);
  std::vector<std::thread> threads;
  for (auto& ids : found) threads.emplace_back([&] { ids = tokenizer.encode(text); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& ids : found) EXPECT_EQ(ids, expected);
}

TEST(Tokenizer, SaysWhichUnicodeItKnows) {
  EXPECT_GE(std::stod(unicode_version()), 13.0);
}

}  // namespace
}  // namespace cloze
