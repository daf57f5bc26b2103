#include "engine/data/examples/split_examples.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/draw_sequence.h"
#include "engine/data/examples/score_text.h"

namespace cloze {

std::optional<double> parse_split(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  const auto percent = parse_score(text.substr(0, text.size() - 1));
  if (!percent || *percent <= 0 || *percent >= 100) {
    throw UsageError({.what = fmt::format("`{}` is no part of the training examples", text),
                      .why = "a part to put aside for validation lies between 0% and 100%"});
  }
  return *percent / 100;
}

std::vector<size_t> validation_rows(size_t rows, double fraction, uint64_t seed) {
  std::vector<std::pair<uint64_t, size_t>> drawn;  // {random number, row}
  for (size_t row = 0; row < rows; ++row) {
    const PhiloxKey key = data_key(seed, DataPurpose::validation_split, row);
    drawn.emplace_back(uint64_t{key.high} << 32 | key.low, row);
  }
  const auto wanted = static_cast<size_t>(std::llround(fraction * static_cast<double>(rows)));
  const size_t count = std::min(std::max<size_t>(wanted, 1), rows);
  std::nth_element(drawn.begin(), drawn.begin() + static_cast<ptrdiff_t>(count) - (count > 0 ? 1 : 0),
                   drawn.end());
  std::vector<size_t> chosen;
  for (size_t i = 0; i < count; ++i) chosen.push_back(drawn[i].second);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

SplitExamples split_examples(ExampleSet set, double fraction, uint64_t seed) {
  const size_t rows = set.examples.size();
  const std::vector<size_t> chosen = validation_rows(rows, fraction, seed);
  if (chosen.size() >= rows) {
    throw Error({.what = "there are too few examples to split some off",
                 .where = set.file.string(),
                 .why = fmt::format("{} of {} would go to validation", chosen.size(), rows)});
  }
  SplitExamples split{{.file = set.file, .skipped = set.skipped}, {.file = set.file}};
  auto next = chosen.begin();
  for (size_t row = 0; row < rows; ++row) {
    const bool validation = next != chosen.end() && *next == row;
    if (validation) ++next;
    (validation ? split.validation : split.training).examples.push_back(std::move(set.examples[row]));
  }
  log::info("{}: {} examples to train on, {} put aside for validation", set.file.string(),
            split.training.examples.size(), split.validation.examples.size());
  return split;
}

}  // namespace cloze
