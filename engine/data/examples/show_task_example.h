#pragma once

#include <string>
#include <string_view>

#include "engine/data/examples/encode_examples.h"
#include "engine/data/examples/example.h"
#include "engine/data/examples/example_encoder.h"

namespace cloze {

// An example in full, as run_classifier.py logs the first five of each set: guid ("train-0"), tokens, ids,
// mask and segment ids filled up with zeros to the task's length, and the label with its id. Of tagging, the
// label ids of all tokens (-1: none); of multiple choice, a block of lines for every ending.
std::string show_example(const Example& example, const EncodedExample& encoded, const ExampleEncoder& encoder,
                         std::string_view set_name);

// Logs the first `count` examples of a set that way.
void log_examples(const ExampleSet& set, const EncodedExamples& encoded, const ExampleEncoder& encoder,
                  std::string_view set_name, size_t count = 5);

}  // namespace cloze
