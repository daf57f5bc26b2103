#include "engine/data/instance_options.h"

#include <fmt/core.h>

#include "engine/base/error.h"

namespace cloze {

void validate(const InstanceOptions& options, const std::string& where) {
  const auto require = [&](bool holds, const char* what, const char* why) {
    if (!holds) throw UsageError({.what = what, .where = where, .why = why});
  };
  const auto probability = [](double value) { return value >= 0 && value <= 1; };
  require(options.max_sequence_length >= 5 && options.max_sequence_length <= 32768,
          "`max_sequence_length` is out of range", "it must be from 5 ([CLS] a [SEP] b [SEP]) to 32768");
  require(probability(options.short_sequence_probability), "`short_sequence_probability` is not a probability",
          "it must be from 0 to 1");
  require(probability(options.masked_probability), "`masked_probability` is not a probability",
          "it must be from 0 to 1");
  require(options.max_predictions >= 1, "`max_predictions` is too small", "it must be at least 1");
  require(options.mask_variants >= 1, "`mask_variants` is too small", "it must be at least 1");
}

Capacity capacity_of_sequences(const InstanceOptions& options, int64_t sequences) {
  return {.tokens = sequences * options.max_sequence_length,
          .sequences = sequences,
          .predictions = sequences * options.max_predictions};
}

}  // namespace cloze
