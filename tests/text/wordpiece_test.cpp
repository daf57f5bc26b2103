#include "engine/text/wordpiece.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "engine/text/utf8.h"
#include "tests/text/test_vocabulary.h"

namespace cloze {
namespace {

using Strings = std::vector<std::string>;

// WordPiece as BERT's tokenization.py states it: try the longest prefix first, one code point less each time.
std::vector<int32_t> naive(const Vocabulary& vocabulary, std::string_view word, size_t limit) {
  if (word.empty()) return {};
  if (code_point_count(word) > limit) return {vocabulary.unknown_id()};
  std::vector<int32_t> ids;
  for (size_t start = 0; start < word.size();) {
    size_t end = word.size();
    std::optional<int32_t> id;
    while (end > start && !id) {
      id = vocabulary.find((start > 0 ? "##" : "") + std::string(word.substr(start, end - start)));
      if (id) break;
      end -= decode_utf8_before(word, end).size;
    }
    if (!id) return {vocabulary.unknown_id()};
    ids.push_back(*id);
    start = end;
  }
  return ids;
}

std::vector<int32_t> encode(const WordPiece& model, std::string_view word) {
  std::vector<int32_t> ids;
  model.encode_word(word, ids);
  return ids;
}

Vocabulary vocabulary_of(const Strings& pieces) {
  Strings all = {"[PAD]", "[UNK]", "[CLS]", "[SEP]"};
  all.insert(all.end(), pieces.begin(), pieces.end());
  return Vocabulary(std::move(all));
}

// Words joined at random from pieces of the vocabulary and stray letters, so that many almost match.
std::string random_word(const Vocabulary& vocabulary, std::mt19937& random) {
  std::string word;
  const int parts = std::uniform_int_distribution(1, 5)(random);
  for (int i = 0; i < parts; ++i) {
    std::string part(vocabulary.piece(std::uniform_int_distribution(0, vocabulary.size() - 1)(random)));
    if (part.starts_with("##") && part.size() > 2 && random() % 8 != 0) part.erase(0, 2);
    if (random() % 4 == 0 && static_cast<uint8_t>(part.back()) < 0x80) part.pop_back();
    if (random() % 16 == 0) part += random() % 2 == 0 ? "é" : "q";
    word += part;
  }
  return word;
}

void expect_same_as_naive(const Vocabulary& vocabulary, int limit, int words) {
  const WordPiece model(vocabulary, limit);
  std::mt19937 random(11);
  for (int i = 0; i < words; ++i) {
    const std::string word = random_word(vocabulary, random);
    ASSERT_EQ(pieces_of(vocabulary, encode(model, word)),
              pieces_of(vocabulary, naive(vocabulary, word, static_cast<size_t>(limit))))
        << word;
  }
}

TEST(WordPiece, GoogleUnitTests) {
  const Vocabulary vocabulary = vocabulary_of({"want", "##want", "##ed", "wa", "un", "runn", "##ing", ","});
  const WordPiece model(vocabulary, 200);
  EXPECT_EQ(encode(model, ""), std::vector<int32_t>{});
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "unwanted")), (Strings{"un", "##want", "##ed"}));
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "running")), (Strings{"runn", "##ing"}));
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "unwantedX")), (Strings{"[UNK]"}));
}

// The example of Song et al. 2021, figure 1 and table 1.
TEST(WordPiece, ExampleOfThePaper) {
  const Vocabulary vocabulary = vocabulary_of({"a", "abcdx", "##b", "##c", "##cdy", "##dz"});
  const WordPiece model(vocabulary, 200);
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "abcdz")), (Strings{"a", "##b", "##c", "##dz"}));
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "abcdx")), (Strings{"abcdx"}));
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "abcd")), (Strings{"[UNK]"}));
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "abcz")), (Strings{"[UNK]"}));
}

TEST(WordPiece, PiecesThatBeginWithTheMarker) {
  const Vocabulary vocabulary = vocabulary_of({"##", "#", "##ing", "###", "##x", ""});
  const WordPiece model(vocabulary, 200);
  for (const char* word :
       {"#", "##", "###", "####", "#####", "##ing", "##x", "##xing", "#x", "x", "##y", "#ing##"}) {
    EXPECT_EQ(pieces_of(vocabulary, encode(model, word)), pieces_of(vocabulary, naive(vocabulary, word, 200)))
        << word;
  }
}

TEST(WordPiece, LimitCountsCharactersNotBytes) {
  const Vocabulary vocabulary = vocabulary_of({"é", "##é", "a", "##a"});
  const WordPiece model(vocabulary, 3);
  EXPECT_EQ(encode(model, "ééé").size(), 3u);
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "éééé")), (Strings{"[UNK]"}));
  EXPECT_EQ(encode(model, "aaa").size(), 3u);
  EXPECT_EQ(pieces_of(vocabulary, encode(model, "aaaa")), (Strings{"[UNK]"}));
}

TEST(WordPiece, AppendsAndKeepsWhatWasThere) {
  const Vocabulary vocabulary = vocabulary_of({"un", "##do"});
  const WordPiece model(vocabulary, 200);
  std::vector<int32_t> ids = {42};
  model.encode_word("undone", ids);
  model.encode_word("undo", ids);
  EXPECT_EQ(ids, (std::vector<int32_t>{42, 1, 4, 5}));
}

TEST(WordPiece, EqualsTheNaiveMatcherOnRandomVocabularies) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    Strings pieces;
    const int count = std::uniform_int_distribution(2, 40)(random);
    for (int i = 0; i < count; ++i) {
      std::string piece = random() % 2 == 0 ? "##" : "";
      const int size = std::uniform_int_distribution(1, 5)(random);
      for (int c = 0; c < size; ++c)
        piece += Strings{"a", "b", "c", "é", "中", "\U0001F600", "#"}[random() % 7];
      pieces.push_back(piece);
    }
    std::sort(pieces.begin(), pieces.end());
    pieces.erase(std::unique(pieces.begin(), pieces.end()), pieces.end());
    expect_same_as_naive(vocabulary_of(pieces), 200, 300);
    if (HasFatalFailure()) return;
  }
}

TEST(WordPiece, EqualsTheNaiveMatcherOnTheGoldenVocabulary) {
  expect_same_as_naive(*golden_vocabulary(), 200, 20'000);
  expect_same_as_naive(*golden_vocabulary(), 7, 5'000);
}

TEST(WordPiece, EqualsTheNaiveMatcherOnGooglesVocabularies) {
  for (const char* name : {"bert-base-uncased-vocab.txt", "bert-base-cased-vocab.txt"}) {
    const std::filesystem::path path = std::filesystem::path(CLOZE_SOURCE_DIR "/../shared/data/vocab") / name;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
    expect_same_as_naive(Vocabulary::load(path), 200, 20'000);
  }
}

TEST(WordPiece, EveryPieceOfGooglesVocabularySpellsItself) {
  const std::filesystem::path path = CLOZE_SOURCE_DIR "/../shared/data/vocab/bert-base-uncased-vocab.txt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  const Vocabulary vocabulary = Vocabulary::load(path);
  const WordPiece model(vocabulary, 200);
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    ASSERT_EQ(encode(model, vocabulary.piece(id)), std::vector<int32_t>{id}) << vocabulary.piece(id);
  }
}

}  // namespace
}  // namespace cloze
