#include "engine/data/sample/masked_pairs.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace cloze {
namespace {

struct SentenceRange {
  size_t document, begin, end;
};

int32_t length_of(const MaskedSegment& segment) {
  return static_cast<int32_t>(segment.truth.size());
}

void append(MaskedSegment& segment, const SampleSentence& sentence) {
  const int32_t begin = length_of(segment), words = static_cast<int32_t>(sentence.size());
  segment.pieces.push_back({begin, begin + words, 0, words});
  segment.truth.insert(segment.truth.end(), sentence.begin(), sentence.end());
}

void remove_first(MaskedSegment& segment) {
  segment.truth.erase(segment.truth.begin());
  for (SentencePiece& piece : segment.pieces) --piece.begin, --piece.end;
  SentencePiece& cut = segment.pieces.front();
  cut.begin = 0;
  ++cut.offset;
  if (cut.end == 0) segment.pieces.erase(segment.pieces.begin());
}

void remove_last(MaskedSegment& segment) {
  segment.truth.pop_back();
  SentencePiece& cut = segment.pieces.back();
  if (--cut.end == cut.begin) segment.pieces.pop_back();
}

void truncate(MaskedPair& pair, int32_t limit, SampleDraws& draws) {
  while (length_of(pair.first) + length_of(pair.second) > limit) {
    MaskedSegment& longer = length_of(pair.first) > length_of(pair.second) ? pair.first : pair.second;
    if (draws.percent(50)) {
      remove_first(longer);
    } else {
      remove_last(longer);
    }
  }
}

// A vocabulary entry, uniformly: the world's words, [MASK] itself, and everything else.
WordId draw_vocabulary_entry(const SampleWorld& world, const MaskingRules& rules, SampleDraws& draws) {
  const auto words = static_cast<uint32_t>(world.words.size());
  const uint32_t drawn = draws.below(static_cast<uint32_t>(rules.vocabulary_size));
  if (drawn < words) return static_cast<WordId>(drawn);
  return drawn == words ? masked_word : foreign_word;
}

void mask(const SampleWorld& world, MaskedPair& pair, const MaskingRules& rules, SampleDraws& draws) {
  pair.first.seen = pair.first.truth;
  pair.second.seen = pair.second.truth;
  std::vector<WordId*> candidates;
  for (WordId& word : pair.first.seen) candidates.push_back(&word);
  for (WordId& word : pair.second.seen) candidates.push_back(&word);
  const auto words = static_cast<uint32_t>(candidates.size());
  // std::nearbyint rounds half to even, as Python's round does; [CLS] and both [SEP] count.
  const auto wanted = static_cast<int32_t>(std::nearbyint((words + 3) * rules.mask_probability));
  const auto chosen = std::min(static_cast<uint32_t>(std::clamp(wanted, 1, rules.max_predictions)), words);
  for (uint32_t i = 0; i < chosen; ++i) {
    std::swap(candidates[i], candidates[i + draws.below(words - i)]);
    WordId& word = *candidates[i];
    if (draws.percent(80)) {
      word = masked_word;
    } else if (draws.percent(50)) {
      word = draw_vocabulary_entry(world, rules, draws);
    }
    if (word != masked_word) ++pair.kept_or_replaced;
  }
}

// Sentences of another document, from a random one on, until `target` words are reached.
void append_random(const std::vector<SampleDocument>& documents, size_t own, int32_t target,
                   MaskedSegment& segment, SampleDraws& draws) {
  const auto others = static_cast<uint32_t>(documents.size() - 1);
  const uint32_t drawn = draws.below(others);
  const SampleDocument& other = documents[drawn + (drawn >= own ? 1 : 0)];
  for (size_t i = draws.below(static_cast<uint32_t>(other.sentences.size())); i < other.sentences.size();
       ++i) {
    append(segment, other.sentences[i]);
    if (length_of(segment) >= target) return;
  }
}

void pair_document(const std::vector<SampleDocument>& documents, size_t own, const MaskingRules& rules,
                   SampleDraws& draws, std::vector<MaskedPair>& pairs) {
  const auto& sentences = documents[own].sentences;
  const int32_t limit = rules.max_sequence_length - 3;
  int32_t target = limit;
  if (draws.percent(static_cast<uint32_t>(rules.short_sequence_percent))) {
    target = 2 + static_cast<int32_t>(draws.below(static_cast<uint32_t>(limit - 1)));
  }
  for (size_t begin = 0; begin < sentences.size();) {
    size_t end = begin;
    for (int32_t length = 0; end < sentences.size() && length < target;) {
      length += static_cast<int32_t>(sentences[end++].size());
    }
    const size_t chunk = end - begin;
    const size_t in_first = chunk == 1 ? 1 : 1 + draws.below(static_cast<uint32_t>(chunk - 1));
    MaskedPair pair;
    for (size_t i = 0; i < in_first; ++i) append(pair.first, sentences[begin + i]);
    pair.random_next = chunk == 1 || draws.percent(50);
    if (pair.random_next) {
      append_random(documents, own, target - length_of(pair.first), pair.second, draws);
    } else {
      for (size_t i = begin + in_first; i < end; ++i) append(pair.second, sentences[i]);
    }
    begin += pair.random_next ? in_first : chunk;  // the sentences a random one stands in for are put back
    truncate(pair, limit, draws);
    pairs.push_back(std::move(pair));
  }
}

}  // namespace

std::vector<MaskedPair> make_masked_pairs(const SampleWorld& world,
                                          const std::vector<SampleDocument>& documents,
                                          const MaskingRules& rules, uint64_t seed) {
  std::vector<MaskedPair> pairs;
  for (size_t document = 0; document < documents.size(); ++document) {
    SampleDraws draws(seed, DrawPurpose::floor_pairs, document);
    const size_t before = pairs.size();
    pair_document(documents, document, rules, draws, pairs);
    for (size_t i = before; i < pairs.size(); ++i) mask(world, pairs[i], rules, draws);
  }
  return pairs;
}

}  // namespace cloze
