#pragma once

#include "engine/graph/parameters.h"
#include "engine/graph/precision.h"
#include "engine/ops/float8_scaling.h"

namespace cloze {

// The scaling of a run in that precision: of the layers' matrices where it multiplies FP8, else of none.
// Throws Error where their sizes are no multiples of 16.
Float8Scaling encoder_scaling(const ParameterLayout& layout, Precision precision);

}  // namespace cloze
