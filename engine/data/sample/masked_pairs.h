#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/sample/sample_documents.h"

namespace cloze {

// What stands at a position of a masked input instead of a word of the world.
constexpr WordId masked_word = -1;   // [MASK]
constexpr WordId foreign_word = -2;  // a vocabulary entry that is no word of the world

// A sentence, or what truncation left of it, within a segment.
struct SentencePiece {
  int32_t begin = 0, end = 0;  // positions in the segment
  int32_t offset = 0;          // words cut away at the front
  int32_t full_length = 0;     // words of the whole sentence
};

// One of the two segments of an input, [CLS] and [SEP] left out.
struct MaskedSegment {
  std::vector<WordId> truth;
  std::vector<WordId> seen;
  std::vector<SentencePiece> pieces;
};

struct MaskedPair {
  MaskedSegment first, second;
  bool random_next = false;
  // Positions to predict whose input is not [MASK]: kept words and random replacements. A model could know
  // this number (it follows from the length and the count of [MASK]), not the positions.
  int32_t kept_or_replaced = 0;
};

// How create_pretraining_data of google-research/bert pairs and masks, one token a word.
struct MaskingRules {
  int32_t max_sequence_length = 64;
  double mask_probability = 0.15;
  int32_t max_predictions = 20;
  int32_t short_sequence_percent = 10;
  int32_t vocabulary_size = 1200;  // random replacements are drawn from all of it
};

// One pass over the documents: pairing, truncation and masking by BERT's rules, drawn from (seed, document).
std::vector<MaskedPair> make_masked_pairs(const SampleWorld& world,
                                          const std::vector<SampleDocument>& documents,
                                          const MaskingRules& rules, uint64_t seed);

}  // namespace cloze
