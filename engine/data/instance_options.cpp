#include "engine/data/instance_options.h"

#include <fmt/core.h>

#include "engine/base/error.h"
#include "engine/config/fields.h"

namespace cloze {
namespace {

constexpr int shortest_sequence = 5;  // [CLS] a [SEP] b [SEP]
constexpr int longest_sequence = 32768;

const Choices<MaskPolicy>& mask_policies() {
  static const auto all =
      choices<MaskPolicy>({{"fresh", MaskPolicy::fresh, "new pairs and masks in every epoch"},
                           {"static", MaskPolicy::fixed, "`mask_variants` sets, used in turn"}}) &
      fixed_on_resume();
  return all;
}

}  // namespace

void describe(Fields& fields, InstanceOptions& options) {
  fields.option("max_sequence_length", options.max_sequence_length,
                between(shortest_sequence, longest_sequence) & fixed_on_resume(),
                "Tokens in a full sequence, with [CLS] and [SEP]");
  fields.option("short_sequence_probability", options.short_sequence_probability,
                fraction() & fixed_on_resume(),
                "Part of the documents that are cut into shorter sequences in an epoch");
  fields.option(
      "masked_probability", options.masked_probability, fraction() & fixed_on_resume(),
      "Part of the tokens to predict (of these 80% become [MASK], 10% stay, 10% become a random token)");
  fields.option("max_predictions", options.max_predictions, at_least(1) & fixed_on_resume(),
                "Most tokens to predict in a sequence");
  fields.option("whole_word", options.whole_word, fixed_on_resume(), "Mask all pieces of a word together");
  fields.option(
      "next_sentence", options.next_sentence, fixed_on_resume(),
      "Pair sentences for next-sentence prediction; otherwise sequences are plain stretches of text");
  fields.option("masks", options.masks, mask_policies(), "How often texts are paired and masked anew");
  fields.option("mask_variants", options.mask_variants, at_least(1) & fixed_on_resume(),
                "With `masks: static`, how many sets there are (dupe_factor)");
}

void validate(const InstanceOptions& options, const std::string& where) {
  const auto require = [&](bool holds, const char* what, const char* why) {
    if (!holds) throw UsageError({.what = what, .where = where, .why = why});
  };
  const auto probability = [](double value) { return value >= 0 && value <= 1; };
  require(options.max_sequence_length >= shortest_sequence && options.max_sequence_length <= longest_sequence,
          "`max_sequence_length` is out of range", "it must be from 5 ([CLS] a [SEP] b [SEP]) to 32768");
  require(probability(options.short_sequence_probability),
          "`short_sequence_probability` is not a probability", "it must be from 0 to 1");
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
