#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/data/corpus.h"
#include "engine/data/instance_options.h"

namespace cloze {

// One pretraining sequence as ranges of the corpus: [CLS] A [SEP] B [SEP], or [CLS] A [SEP] where length_b is
// 0.
struct InstanceReference {
  uint64_t first_a = 0, first_b = 0;    // first token of A and of B in the corpus
  uint32_t document = 0, ordinal = 0;   // A's document; which of its sequences in this variant
  uint32_t variant = 0;                 // which set of pairs and masks (the epoch, unless masks are fixed)
  uint16_t length_a = 0, length_b = 0;  // tokens
  bool random_next = false;             // B comes from a random place

  int tokens() const { return length_a + length_b + (length_b > 0 ? 3 : 2); }
  friend bool operator==(const InstanceReference&, const InstanceReference&) = default;
};

struct TokenRange {
  uint64_t first = 0, length = 0;
};

// The rules below are templates over the source of random draws (`Draws`: unit(), coin(), below(bound)), so
// that a test can run them on Python's generator and hold them against create_pretraining_data.py draw by
// draw.

// truncate_seq_pair: shortens the longer range (the second on a tie) by a token at a random end until both
// fit.
template <typename Draws>
void truncate_pair(TokenRange& a, TokenRange& b, uint64_t most, Draws& draws) {
  while (a.length + b.length > most) {
    TokenRange& victim = a.length > b.length ? a : b;
    if (draws.coin()) ++victim.first;
    --victim.length;
  }
}

// Segments from a random place of the corpus, some other document than `document` where ten tries find one;
// at least one segment, then more until `wanted` tokens are reached or the document ends.
template <typename Draws>
TokenRange draw_random_segments(const Corpus& corpus, uint32_t document, int64_t wanted, Draws& draws) {
  uint32_t other = document;
  for (int attempt = 0; attempt < 10 && other == document; ++attempt) other = draws.below(corpus.documents());
  const DocumentView source = corpus.document(other);
  const size_t start = draws.below(static_cast<uint32_t>(source.sentences()));
  size_t last = start;
  const uint32_t begin = source.begin(start);
  while (last + 1 < source.sentences() && int64_t{source.end(last)} - begin < wanted) ++last;
  return {source.first_token + begin, source.end(last) - begin};
}

// Tokens of text a document's sequences aim at in this pass: the most, or now and then fewer; drawn once per
// document.
template <typename Draws>
uint32_t draw_target(const InstanceOptions& options, Draws& draws) {
  const auto most = static_cast<uint32_t>(options.text_tokens());
  if (draws.unit() >= options.short_sequence_probability) return most;
  return 2 + draws.below(most - 1);
}

// create_instances_from_document: gathers sentences up to the target length, cuts them into A and B at
// random, and half of the time replaces B by segments from elsewhere, putting the sentences it did not use
// back. Calls emit(first_a, first_b ranges, random_next) for every sequence in order.
template <typename Draws, typename Emit>
void pair_sentences(const Corpus& corpus, uint32_t document, const InstanceOptions& options, Draws& draws,
                    Emit&& emit) {
  const DocumentView view = corpus.document(document);
  const uint32_t target = draw_target(options, draws);
  const auto most = static_cast<uint64_t>(options.text_tokens());
  size_t first = 0;  // of the sentences gathered
  for (size_t i = 0; i < view.sentences(); ++i) {
    const bool last = i + 1 == view.sentences();
    if (!last && view.end(i) - view.begin(first) < target) continue;
    const size_t gathered = i + 1 - first;
    const size_t kept =
        gathered < 2 ? 1 : 1 + draws.below(static_cast<uint32_t>(gathered - 1));  // sentences of A
    TokenRange a{view.first_token + view.begin(first), view.end(first + kept - 1) - view.begin(first)}, b;
    const bool random_next = gathered == 1 || draws.coin();
    if (random_next) {
      b = draw_random_segments(corpus, document, int64_t{target} - static_cast<int64_t>(a.length), draws);
      i = first + kept - 1;
    } else {
      b = {a.first + a.length, view.end(i) - view.end(first + kept - 1)};
    }
    truncate_pair(a, b, most, draws);
    emit(a, b, random_next);
    first = i + 1;
  }
}

// Without next-sentence prediction: the document in consecutive stretches of the target length, the last one
// shorter.
template <typename Draws, typename Emit>
void cut_into_stretches(const Corpus& corpus, uint32_t document, const InstanceOptions& options, Draws& draws,
                        Emit&& emit) {
  const DocumentView view = corpus.document(document);
  const uint64_t target = draw_target(options, draws), tokens = view.tokens();
  for (uint64_t begin = 0; begin < tokens; begin += target) {
    emit(TokenRange{view.first_token + begin, std::min(target, tokens - begin)}, TokenRange{}, false);
  }
}

// All sequences of one document in one variant, in order: emit(const InstanceReference&).
template <typename Draws, typename Emit>
void plan_document(const Corpus& corpus, uint32_t document, uint32_t variant, const InstanceOptions& options,
                   Draws& draws, Emit&& emit) {
  uint32_t ordinal = 0;
  const auto emit_ranges = [&](TokenRange a, TokenRange b, bool random_next) {
    emit(InstanceReference{.first_a = a.first,
                           .first_b = b.first,
                           .document = document,
                           .ordinal = ordinal++,
                           .variant = variant,
                           .length_a = static_cast<uint16_t>(a.length),
                           .length_b = static_cast<uint16_t>(b.length),
                           .random_next = random_next});
  };
  if (options.next_sentence) {
    pair_sentences(corpus, document, options, draws, emit_ranges);
  } else {
    cut_into_stretches(corpus, document, options, draws, emit_ranges);
  }
}

}  // namespace cloze
