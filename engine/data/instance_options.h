#pragma once

#include <cstdint>
#include <string>

#include "engine/graph/capacity.h"

namespace cloze {

class Fields;

// How often a text is paired and masked anew.
enum class MaskPolicy : uint8_t {
  fresh,  // every epoch has pairs and masks of its own
  fixed,  // `mask_variants` sets of pairs and masks, used in turn (dupe_factor of create_pretraining_data.py)
};

// How pretraining sequences are made of a corpus. Defaults and rules: create_pretraining_data.py of
// google-research/bert.
struct InstanceOptions {
  int max_sequence_length = 128;
  double short_sequence_probability = 0.1;
  double masked_probability = 0.15;
  int max_predictions = 20;
  bool whole_word = false;
  bool next_sentence = true;  // false: [CLS] A [SEP], consecutive stretches of a document, filled up
  MaskPolicy masks = MaskPolicy::fresh;
  int mask_variants = 10;

  // Tokens of text in a full sequence: all but [CLS] and the one or two [SEP].
  int text_tokens() const { return max_sequence_length - (next_sentence ? 3 : 2); }
  friend bool operator==(const InstanceOptions&, const InstanceOptions&) = default;
};

void describe(Fields& fields, InstanceOptions& options);
// Throws UsageError naming the impossible value.
void validate(const InstanceOptions& options, const std::string& where);

// Room for `sequences` sequences of the greatest length with the greatest number of predictions.
Capacity capacity_of_sequences(const InstanceOptions& options, int64_t sequences);

}  // namespace cloze
