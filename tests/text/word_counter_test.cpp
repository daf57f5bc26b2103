#include "engine/text/word_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/base/error.h"

namespace cloze {
namespace {

using testing::ElementsAre;

WordCounts count(const std::vector<std::string>& texts, WordCounterOptions options,
                 TokenizerOptions rules = {}) {
  WordCounter counter(rules, options);
  for (const std::string& text : texts) counter.add(text);
  return counter.finish();
}

// Words drawn so that few are frequent and many are rare.
std::vector<std::string> random_texts(int lines) {
  std::mt19937 random(9);
  std::vector<std::string> texts;
  for (int i = 0; i < lines; ++i) {
    std::string line;
    for (int w = 0; w < 20; ++w) {
      const double u = std::uniform_real_distribution(0.0, 1.0)(random);
      line += 'w';
      line += std::to_string(static_cast<int>(1 / (u * u + 1e-6)));
      line += w % 5 == 4 ? ", " : " ";
    }
    texts.push_back(line);
  }
  return texts;
}

TEST(WordCounter, CountsBasicTokens) {
  const WordCounts counts = count({"The cat, the CAT.", "É é e"}, {});
  EXPECT_THAT(counts.words, ElementsAre(WordCount{"e", 3}, WordCount{"cat", 2}, WordCount{"the", 2},
                                        WordCount{",", 1}, WordCount{".", 1}));
  EXPECT_EQ(counts.occurrences, 9);
  EXPECT_EQ(counts.pruned_words, 0);
}

TEST(WordCounter, ObeysCase) {
  EXPECT_THAT(count({"Cat cat"}, {}, {.lowercase = false}).words,
              ElementsAre(WordCount{"Cat", 1}, WordCount{"cat", 1}));
}

TEST(WordCounter, AWordEndsWithItsText) {
  EXPECT_THAT(count({"un", "do"}, {}).words, ElementsAre(WordCount{"do", 1}, WordCount{"un", 1}));
}

TEST(WordCounter, WordsBeyondTheLimitAreCountedApart) {
  const WordCounts counts = count({"éééé éééééé"}, {}, {.strip_accents = false, .max_word_characters = 5});
  EXPECT_THAT(counts.words, ElementsAre(WordCount{"éééé", 1}));
  EXPECT_EQ(counts.too_long_occurrences, 1);
}

TEST(WordCounter, BlocksAndThreadsDoNotChangeTheCounts) {
  const std::vector<std::string> texts = random_texts(500);
  const WordCounts whole = count(texts, {});
  for (const size_t block : {64, 1000, 100'000}) {
    for (const int threads : {1, 3}) {
      EXPECT_EQ(count(texts, {.threads = threads, .block_bytes = block}).words, whole.words);
    }
  }
}

TEST(WordCounter, AHugeTextIsCutBehindSpaces) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "alpha beta\n";
  const WordCounts counts = count({text}, {.threads = 2, .block_bytes = 4099});
  EXPECT_THAT(counts.words, ElementsAre(WordCount{"alpha", 100'000}, WordCount{"beta", 100'000}));
}

TEST(WordCounter, TextWithoutSpacesIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "中";
  EXPECT_THAT(count({text}, {.block_bytes = 1000}).words, ElementsAre(WordCount{"中", 10'000}));
}

TEST(WordCounter, PruningIsReportedAndDoesNotDependOnThreads) {
  const std::vector<std::string> texts = random_texts(4000);
  const WordCounts whole = count(texts, {});
  const WordCounts pruned = count(texts, {.max_words = 200, .threads = 1, .block_bytes = 5000});
  EXPECT_LT(pruned.words.size(), whole.words.size());
  EXPECT_GT(pruned.pruned_words, 0);
  EXPECT_EQ(pruned.occurrences, whole.occurrences);
  int64_t kept = 0;
  for (const WordCount& word : pruned.words) kept += word.count;
  EXPECT_EQ(kept + pruned.pruned_occurrences, whole.occurrences);
  EXPECT_EQ(pruned.words[0], whole.words[0]);  // the frequent ones are never touched

  const WordCounts threaded = count(texts, {.max_words = 200, .threads = 4, .block_bytes = 5000});
  EXPECT_EQ(threaded.words, pruned.words);
  EXPECT_EQ(threaded.pruned_words, pruned.pruned_words);
}

TEST(WordCounter, IsEmptyAfterFinishing) {
  WordCounter counter({}, {});
  counter.add("a");
  EXPECT_EQ(counter.finish().words.size(), 1u);
  EXPECT_TRUE(counter.finish().words.empty());
}

TEST(WordCounter, RefusesLimitsOfNothing) {
  EXPECT_THROW(WordCounter({}, {.max_words = 0}), UsageError);
  EXPECT_THROW(WordCounter({}, {.threads = 0}), UsageError);
  EXPECT_THROW(WordCounter({}, {.block_bytes = 0}), UsageError);
}

}  // namespace
}  // namespace cloze
