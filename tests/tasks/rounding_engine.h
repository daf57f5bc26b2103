#pragma once

#include <cstdint>
#include <memory>

#include "engine/runtime/engine.h"

namespace cloze::testing {

// The plain reference of mixed precision, which a device's error is held against: every op in plain f32
// loops, one after the other, each value in memory of its own; what the graph stores in bf16 is rounded to it
// once an op has written it. Nothing else is rounded, but FP8 operands are FP8 here too. On the host; slow.
std::unique_ptr<Engine> make_rounding_engine(int64_t elements);
// The same of a run that multiplies FP8.
std::unique_ptr<Engine> make_rounding_engine_of_fp8(int64_t elements, StateLayout state);

}  // namespace cloze::testing
