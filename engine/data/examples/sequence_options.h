#pragma once

#include <cstdint>

namespace cloze {

class Fields;

// Which tokens of a text stay when it is too long. How much of each text of a pair stays is the same for all:
// Google's rule, which takes token by token from the longer text, from the second of two equally long.
enum class Truncation : uint8_t {
  head,       // the first ones: what Google's run_classifier does
  tail,       // the last ones
  head_tail,  // the first `head_proportion` and the last ones (Sun et al. 2019, "How to fine-tune BERT")
};

struct SequenceOptions {
  int max_sequence_length = 128;  // tokens, with [CLS] and [SEP]
  Truncation truncation = Truncation::head;
  double head_proportion = 0.25;  // of the tokens that stay, with `head_tail`
  friend bool operator==(const SequenceOptions&, const SequenceOptions&) = default;
};

void describe(Fields& fields, SequenceOptions& options);

}  // namespace cloze
