#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/character_table.h"
#include "engine/text/tokenizer_options.h"
#include "engine/text/word_table.h"

namespace cloze {

struct WordCount {
  std::string word;  // normalised
  int64_t count = 0;
  bool operator==(const WordCount&) const = default;
};

// The basic tokens of a corpus, most frequent first, then by bytes. Pruned words are those that the memory
// limit cost.
struct WordCounts {
  std::vector<WordCount> words;
  int64_t occurrences = 0;   // of all words, pruned and too long ones included
  int64_t pruned_words = 0;  // a word pruned twice counts twice
  int64_t pruned_occurrences = 0;
  int64_t too_long_occurrences = 0;  // words longer than the word limit: [UNK] to any vocabulary
};

struct WordCounterOptions {
  // Above this the rarest words are pruned. A word takes about 100 bytes, and as much again in finish().
  size_t max_words = 10'000'000;
  int threads = 1;
  size_t block_bytes = size_t{16} << 20;  // text counted at a time
};

// Counts the basic tokens of any amount of text in bounded memory. The counts depend on the texts and the
// order they were added in, not on the number of threads: pruning is decided between blocks, on the sums of
// all threads.
class WordCounter {
 public:
  // Throws UsageError for a limit of zero words, threads or bytes.
  WordCounter(const TokenizerOptions& tokenizer, const WordCounterOptions& options);

  // A word ends where the text ends.
  void add(std::string_view text);

  // The counts of everything added; the counter is empty afterwards.
  WordCounts finish();

 private:
  void count_block(std::string_view block);
  void prune();

  CharacterTable characters_;
  WordCounterOptions options_;
  std::string pending_;  // short texts, gathered until they are worth the threads
  WordTable words_;
  WordCounts result_;
};

}  // namespace cloze
