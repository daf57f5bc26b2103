#include "engine/tasks/feature_graph.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"

namespace cloze {

std::vector<int64_t> encoder_layers(std::span<const int64_t> asked, int64_t layers) {
  if (asked.empty()) throw UsageError({.what = "no layer is asked for", .where = "--layers"});
  std::vector<int64_t> wanted;
  for (const int64_t number : asked) {
    if (number < -layers || number >= layers) {
      throw UsageError({.what = fmt::format("there is no layer {}", number),
                        .where = "--layers",
                        .why = fmt::format("the encoder has {} layer(s)", layers),
                        .remedy = layers == 0 ? ""
                                              : fmt::format("0 to {}, or -1 (the last) to {} (the first)",
                                                            layers - 1, -layers)});
    }
    wanted.push_back(number < 0 ? layers + number : number);
  }
  return wanted;
}

std::string feature_result(int64_t layer) {
  return "layer." + std::to_string(layer);
}

Graph feature_graph(const BertConfig& config, const ParameterLayout& layout, std::span<const int64_t> wanted,
                    const Capacity& capacity, DType real) {
  Graph graph;
  BertBuilder bert(graph, config, layout, real, false, add_sequence_inputs(graph, capacity));
  ValueId x = embeddings(bert);
  const int64_t highest = *std::max_element(wanted.begin(), wanted.end());
  for (int64_t layer = 0; layer <= highest; ++layer) {
    x = encoder_layer(bert, x, layer);
    const bool read = std::find(wanted.begin(), wanted.end(), layer) != wanted.end();
    if (read) graph.mark_result(feature_result(layer), x);
  }
  return graph;
}

}  // namespace cloze
