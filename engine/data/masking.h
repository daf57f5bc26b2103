#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/instance_options.h"
#include "engine/data/packed_batch.h"

namespace cloze {

// A token chosen for prediction.
struct Prediction {
  int32_t position = 0;  // in the sequence
  int32_t label = 0;     // the token that was there
  MaskKind kind = MaskKind::masked;
  friend bool operator==(const Prediction&, const Prediction&) = default;
};

// How many tokens of a sequence of `length` tokens (specials included) are to be predicted:
// min(max_predictions, max(1, round(length * probability))), rounded half to even as Python 3 does.
inline int predictions_wanted(int length, const InstanceOptions& options) {
  // nearbyint rounds half to even in the default rounding mode, which nothing here changes.
  const int rounded = static_cast<int>(std::nearbyint(length * options.masked_probability));
  return std::min(options.max_predictions, std::max(1, rounded));
}

// What masking needs to know of a vocabulary.
struct MaskingVocabulary {
  int32_t mask_id = 0;
  std::span<const int32_t> replacements;    // what a random replacement is drawn from
  std::span<const uint8_t> continues_word;  // [vocabulary] 1 for pieces that begin with "##"
};

// Which tokens may be masked: candidate c is the positions [starts[c], starts[c + 1]) of `positions`.
struct MaskCandidates {
  std::vector<int32_t> positions, starts;
  std::vector<uint32_t> order;

  // One candidate per token that is no special; with whole words a "##" piece joins the candidate before it.
  // As in create_pretraining_data.py that holds across [SEP] too, and a "##" piece at the very beginning
  // stands alone.
  void collect(std::span<const int32_t> tokens, int length_a, int length_b, bool whole_word,
               const MaskingVocabulary& vocabulary) {
    positions.clear();
    starts.clear();
    const auto add_range = [&](int begin, int end) {
      for (int i = begin; i < end; ++i) {
        const bool joins =
            whole_word && !starts.empty() &&
            vocabulary.continues_word[static_cast<size_t>(tokens[static_cast<size_t>(i)])] != 0;
        if (!joins) starts.push_back(static_cast<int32_t>(positions.size()));
        positions.push_back(i);
      }
    };
    add_range(1, 1 + length_a);
    add_range(2 + length_a, 2 + length_a + length_b);
    order.resize(starts.size());
    for (uint32_t c = 0; c < order.size(); ++c) order[c] = c;
    starts.push_back(static_cast<int32_t>(positions.size()));
  }
  std::span<const int32_t> of(uint32_t candidate) const {
    return std::span(positions).subspan(static_cast<size_t>(starts[candidate]),
                                        static_cast<size_t>(starts[candidate + 1] - starts[candidate]));
  }
};

// What becomes of a chosen token: 80% [MASK], 10% itself, 10% any piece of the vocabulary.
template <typename Draws>
Prediction mask_token(int32_t& token, int32_t position, const MaskingVocabulary& vocabulary, Draws& draws) {
  Prediction prediction{.position = position, .label = token, .kind = MaskKind::masked};
  if (draws.unit() < 0.8) {
    token = vocabulary.mask_id;
  } else if (draws.coin()) {
    prediction.kind = MaskKind::kept;
  } else {
    prediction.kind = MaskKind::replaced;
    token = vocabulary.replacements[draws.below(static_cast<uint32_t>(vocabulary.replacements.size()))];
  }
  return prediction;
}

// create_masked_lm_predictions: masks `tokens` ([CLS] A [SEP] B [SEP]) in place and lists what is to be
// predicted, by ascending position. Candidates are tried in random order; one that would exceed the wanted
// number is skipped, so with whole words fewer tokens, even none, may be chosen. `Draws`: unit(), coin(),
// below(bound), shuffle(items, needed).
template <typename Draws>
void mask_sequence(std::span<int32_t> tokens, int length_a, int length_b, const InstanceOptions& options,
                   const MaskingVocabulary& vocabulary, Draws& draws, MaskCandidates& candidates,
                   std::vector<Prediction>& predictions) {
  predictions.clear();
  candidates.collect(tokens, length_a, length_b, options.whole_word, vocabulary);
  const auto wanted = static_cast<size_t>(predictions_wanted(static_cast<int>(tokens.size()), options));
  const size_t needed = options.whole_word ? candidates.order.size() : wanted;
  draws.shuffle(std::span(candidates.order), needed);
  for (const uint32_t candidate : candidates.order) {
    if (predictions.size() >= wanted) break;
    const auto positions = candidates.of(candidate);
    if (predictions.size() + positions.size() > wanted) continue;
    for (const int32_t position : positions) {
      predictions.push_back(mask_token(tokens[static_cast<size_t>(position)], position, vocabulary, draws));
    }
  }
  std::sort(predictions.begin(), predictions.end(),
            [](const Prediction& left, const Prediction& right) { return left.position < right.position; });
}

}  // namespace cloze
