#include "engine/text/vocabulary_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/text/tokenizer.h"
#include "tests/text/test_vocabulary.h"

namespace cloze {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Strings = std::vector<std::string>;

// The same training by brute force: all pairs are counted anew before each merge.
Strings naive_training(const std::vector<WordCount>& words, size_t size, int64_t min_frequency) {
  Strings pieces =
      train_vocabulary(words, {.size = 1000, .min_frequency = INT64_MAX}).pieces;  // specials and alphabet
  const auto number_of = [&](const std::string& piece) {
    return static_cast<size_t>(std::find(pieces.begin(), pieces.end(), piece) - pieces.begin());
  };
  std::vector<std::vector<size_t>> spelled;
  for (const WordCount& word : words) {
    spelled.emplace_back();
    for (const char c : word.word)
      spelled.back().push_back(number_of((spelled.back().empty() ? "" : "##") + std::string(1, c)));
  }
  while (pieces.size() < size) {
    std::map<std::pair<size_t, size_t>, int64_t> counts;
    for (size_t w = 0; w < words.size(); ++w) {
      for (size_t i = 1; i < spelled[w].size(); ++i)
        counts[{spelled[w][i - 1], spelled[w][i]}] += words[w].count;
    }
    auto best = counts.begin();  // keys ascend, so that the first of the most frequent is the one wanted
    for (auto at = counts.begin(); at != counts.end(); ++at) {
      if (at->second > best->second) best = at;
    }
    if (best == counts.end() || best->second < min_frequency) break;
    const auto [left, right] = best->first;
    const std::string text = pieces[left] + pieces[right].substr(2);
    const size_t merged = number_of(text);
    if (merged == pieces.size()) pieces.push_back(text);
    for (auto& word : spelled) {
      for (size_t i = 1; i < word.size(); ++i) {
        if (word[i - 1] != left || word[i] != right) continue;
        word[i - 1] = merged;
        word.erase(word.begin() + static_cast<ptrdiff_t>(i));
      }
    }
  }
  return pieces;
}

std::vector<WordCount> random_words(uint32_t seed, int count, int letters) {
  std::mt19937 random(seed);
  std::map<std::string, int64_t> words;
  for (int i = 0; i < count; ++i) {
    std::string word;
    const int size = std::uniform_int_distribution(1, 9)(random);
    for (int c = 0; c < size; ++c)
      word += static_cast<char>('a' + std::uniform_int_distribution(0, letters - 1)(random));
    words[word] += 1 + static_cast<int64_t>(random() % 20);
  }
  std::vector<WordCount> result;
  for (const auto& [word, times] : words) result.push_back({word, times});
  return result;
}

TEST(VocabularyTrainer, OrderOfThePieces) {
  const std::vector<WordCount> words = {{"low", 5}, {"lower", 2}, {".", 9}};
  const TrainedVocabulary trained = train_vocabulary(words, {.size = 21});
  EXPECT_THAT(trained.pieces,
              ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "e", "l", "o", "r", "w", "##e",
                          "##l", "##o", "##r", "##w", "lo", "low", "##er", "lower"));
  EXPECT_EQ(trained.alphabet, 6);
  EXPECT_EQ(trained.merges, 4);
  EXPECT_EQ(trained.dropped_characters, 0);
}

TEST(VocabularyTrainer, EqualsBruteForce) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const std::vector<WordCount> words = random_words(seed, 60, 2 + static_cast<int>(seed % 5));
    ASSERT_EQ(train_vocabulary(words, {.size = 90}).pieces, naive_training(words, 90, 2)) << seed;
    ASSERT_EQ(train_vocabulary(words, {.size = 500, .min_frequency = 15}).pieces,
              naive_training(words, 500, 15))
        << seed;
  }
}

TEST(VocabularyTrainer, RepeatedLetters) {
  const std::vector<WordCount> words = {{"aaaaaaa", 3}, {"aaa", 4}, {"baaaab", 2}};
  EXPECT_EQ(train_vocabulary(words, {.size = 40}).pieces, naive_training(words, 40, 2));
}

TEST(VocabularyTrainer, DependsOnCountsNotOnTheirOrder) {
  std::vector<WordCount> words = random_words(77, 200, 6);
  const Strings pieces = train_vocabulary(words, {.size = 150}).pieces;
  std::shuffle(words.begin(), words.end(), std::mt19937(1));
  EXPECT_EQ(train_vocabulary(words, {.size = 150}).pieces, pieces);
}

TEST(VocabularyTrainer, TheAlphabetIsLimitedToFrequentCharacters) {
  const std::vector<WordCount> words = {{"ab", 10}, {"aéb", 3}, {"中", 2}};
  const TrainedVocabulary trained = train_vocabulary(words, {.size = 100, .max_alphabet = 2});
  EXPECT_THAT(trained.pieces,
              ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##a", "##b", "ab"));
  EXPECT_EQ(trained.dropped_characters, 2);
  EXPECT_EQ(trained.dropped_occurrences, 5);
}

TEST(VocabularyTrainer, RareMergesAreNotMade) {
  const std::vector<WordCount> words = {{"ab", 5}, {"cd", 1}};
  EXPECT_EQ(train_vocabulary(words, {.size = 100}).pieces.back(), "ab");
  EXPECT_EQ(train_vocabulary(words, {.size = 100, .min_frequency = 1}).pieces.back(), "cd");
}

TEST(VocabularyTrainer, SaysWhatASizeThatIsTooSmallWouldNeed) {
  const std::vector<WordCount> words = {{"abc", 5}};
  EXPECT_EQ(train_vocabulary(words, {.size = 11}).pieces.size(), 11u);
  try {
    train_vocabulary(words, {.size = 10});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("11: 5 + 3 characters + 3 \"##\" forms"));
  }
}

TEST(VocabularyTrainer, NothingToTrainOn) {
  EXPECT_EQ(train_vocabulary({}, {.size = 30}).pieces.size(), 5u);
}

// What it is for: text tokenised with a vocabulary trained on it has no [UNK] and few pieces a word.
TEST(VocabularyTrainer, ServesItsOwnCorpus) {
  const std::string text = read_file(CLOZE_SOURCE_DIR "/tests/golden/text/make_tokenizer_goldens.py");
  WordCounter counter({}, {});
  counter.add(text);
  const WordCounts counts = counter.finish();
  const TrainedVocabulary trained = train_vocabulary(counts.words, {.size = 1200});
  const Tokenizer tokenizer(std::make_shared<Vocabulary>(trained.pieces), {});
  const std::vector<int32_t> ids = tokenizer.encode(text);
  EXPECT_THAT(ids, testing::Not(testing::Contains(tokenizer.vocabulary().unknown_id())));
  EXPECT_LT(static_cast<double>(ids.size()), 1.25 * static_cast<double>(counts.occurrences));
}

}  // namespace
}  // namespace cloze
