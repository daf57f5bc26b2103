#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/graph/capacity.h"
#include "engine/graph/graph.h"
#include "engine/model/bert.h"

// The graph of `cloze features`: what layers of the encoder give, without dropout.
namespace cloze {

// Which layers 0 … layers - 1 are meant by numbers as a Python list takes them: -1 is the last. In the order
// asked for. Throws UsageError for a number that is none, and where none is asked for.
std::vector<int64_t> encoder_layers(std::span<const int64_t> asked, int64_t layers);

// The result that holds the output [T, H] of a layer.
std::string feature_result(int64_t layer);

// Results of `wanted` (0 … layers - 1; the same one may be named twice); layers above them are left out.
Graph feature_graph(const BertConfig& config, const ParameterLayout& layout, std::span<const int64_t> wanted,
                    const Capacity& capacity, DType real);

}  // namespace cloze
