#pragma once

#include "tests/ops/op_graph.h"

// Graphs whose products the passes take in FP8.
namespace cloze::testing {

// A linear layer as it is, or multiplied in FP8, of operands that FP8 holds.
Build linear_of_float8(bool in_float8);
// Two layers multiplied in FP8 with GELU between them, which is rounded as it is made, or after.
Build quantized_gelu(bool where_made);

}  // namespace cloze::testing
