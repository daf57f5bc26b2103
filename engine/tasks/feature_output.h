#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cloze {

// The input and output lines of google-research/bert's extract_features.py.

// A line of input, white space at both ends taken off: "first ||| second", cut at the last " ||| ", or one
// text.
struct FeatureTexts {
  std::string_view first;
  std::optional<std::string_view> second;
  bool operator==(const FeatureTexts&) const = default;
};
FeatureTexts split_feature_line(std::string_view line);

// What a layer of the encoder gave for the tokens of one sequence.
struct FeatureLayer {
  int64_t index = 0;              // as the user named it: -1 is the last layer
  std::span<const float> values;  // [tokens, width]
};

// The output line of the sequence with number `line_index`, with '\n': for each token, [CLS] and [SEP] too,
// the values of each layer, rounded to six places:
//   {"linex_index": 0, "features": [{"token": "[CLS]", "layers": [{"index": -1, "values": [0.123456, …]}]},
//   …]}
// Each layer must hold tokens.size() rows of one width. Throws Error for a token that is not UTF-8.
std::string feature_line(int64_t line_index, std::span<const std::string_view> tokens,
                         std::span<const FeatureLayer> layers);

}  // namespace cloze
