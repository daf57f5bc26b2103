#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/sample/bayes_oracle.h"

namespace cloze {

// The loss (nats per [MASK]) that nobody who knows the rules of the sample can beat. The best possible
// model's expected loss lies between the two means.
struct MaskFloor {
  double lower_bound = 0;             // the floor: an oracle that is also told the layout
  double upper_bound = 0;             // the oracle that sees what a model sees
  double standard_error = 0;          // of lower_bound, from the spread between inputs
  double next_sentence_accuracy = 0;  // of the oracle that sees what a model sees
  int64_t predictions = 0;            // [MASK]s averaged over
  int64_t pairs = 0;
};

// Over given inputs: mean of -log P(true word | input) over their [MASK]s.
MaskFloor exact_mask_loss(const SampleWorld& world, const std::vector<MaskedPair>& pairs,
                          int32_t vocabulary_size);

// Over inputs made freshly from `documents` generated documents of the sample world (two to three pairs
// each).
MaskFloor sample_mask_floor(uint64_t seed, const MaskingRules& rules = {}, int32_t documents = 400);

}  // namespace cloze
