#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

// Each fuzz target defines this. It may catch cloze::Error, which is how a parser refuses its input; whatever
// else leaves it, an exception or a signal, is a finding.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace cloze::fuzz {

inline std::string_view as_text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What must hold of anything a parser accepts.
inline void require(bool holds, const char* invariant) {
  if (!holds) throw std::logic_error(std::string("broken invariant: ") + invariant);
}

}  // namespace cloze::fuzz
