#pragma once

namespace cloze {

// Of a clock that only goes forward, from an origin of its own.
double seconds_now();

}  // namespace cloze
