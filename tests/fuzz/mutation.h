#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cloze::fuzz {

// Input number `run`: one of the seeds after a few random changes. A pure function of its arguments, so that
// a finding is known by its seed and its number. Never longer than `longest` bytes. `seeds` must not be
// empty.
std::string mutated_input(const std::vector<std::string>& seeds, uint64_t seed, uint64_t run, size_t longest);

}  // namespace cloze::fuzz
