#pragma once

#include <vector>

#include "engine/data/examples/example.h"
#include "engine/data/examples/example_encoder.h"

namespace cloze {

struct EncodedExamples {
  std::vector<EncodedExample> examples;  // in the order of the set
  EncodingCounts counts;
};

// Encodes a whole set on `threads` threads; the result and the first error do not depend on their number.
// Warns of what was cut, of texts without tokens and of many unknown tokens.
EncodedExamples encode_examples(const ExampleSet& set, const ExampleEncoder& encoder, ExampleUse use,
                                int threads);

}  // namespace cloze
