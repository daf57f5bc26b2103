#pragma once

#include <cstdint>
#include <memory>

#include "engine/runtime/engine.h"

namespace cloze::testing {

// The plain reference of mixed precision, which a device's error is held against: every op in plain f32
// loops, one after the other, each value in memory of its own; what the graph stores in bf16 is rounded to it
// once an op has written it. Nothing else is rounded. On the host; slow.
std::unique_ptr<Engine> make_rounding_engine(int64_t elements);

}  // namespace cloze::testing
