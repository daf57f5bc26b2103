#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/data/examples/example.h"

namespace cloze {

// "10%" as 0.1; nothing for a text that does not end in a percent sign, which names a file. Throws UsageError
// unless it lies between 0 % and 100 %, both excluded.
std::optional<double> parse_split(std::string_view text);

// Which of `rows` rows are put aside for validation: round(fraction * rows) of them, at least one, ascending.
// Every row has a random number, a function of (seed, row) alone; those with the smallest are taken. So the
// choice depends on no order of reading, and rows added at the end change little of it.
std::vector<size_t> validation_rows(size_t rows, double fraction, uint64_t seed);

struct SplitExamples {
  ExampleSet training, validation;  // both in the order of the file
};
// Throws Error for a set of fewer than two examples.
SplitExamples split_examples(ExampleSet set, double fraction, uint64_t seed);

}  // namespace cloze
