#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/text/word_counter.h"

namespace cloze {

struct VocabularyTrainerOptions {
  int32_t size = 30'000;        // pieces in all: special pieces, alphabet and merges
  int64_t min_frequency = 2;    // a merge that would occur less often is not made
  int32_t max_alphabet = 1000;  // characters kept, the most frequent; a word with any other is [UNK]
};

struct TrainedVocabulary {
  std::vector<std::string> pieces;  // for Vocabulary; fewer than asked for where no merge is frequent enough
  int32_t alphabet = 0;             // characters kept
  int32_t dropped_characters = 0;   // characters beyond the limit,
  int64_t dropped_occurrences = 0;  // and the occurrences of words that hold one: left out of the training
  int32_t merges = 0;
};

// A WordPiece vocabulary by byte-pair encoding over characters (Sennrich et al. 2016; what Hugging Face's
// WordPiece trainer does): words begin as their characters, "##" before all but the first, and the most
// frequent neighbours are merged until the vocabulary is full.
//
// Order: [PAD] [UNK] [CLS] [SEP] [MASK]; the alphabet by code point; its "##" forms (of characters seen in
// words of more than one) by code point; the merges in the order made. Equal frequencies: the pair with the
// smaller left number, then the smaller right number, goes first; among characters, the smaller code point.
// So the result depends on the counts only.
//
// Throws UsageError where `size` cannot hold the special pieces and the alphabet.
TrainedVocabulary train_vocabulary(std::span<const WordCount> words, const VocabularyTrainerOptions& options);

}  // namespace cloze
