#pragma once

#include <string>

namespace cloze {

// Where what a matmul library chose for a machine is kept between runs: XDG_CACHE_HOME or ~/.cache, in it
// cloze/matmul-choices. Empty where neither is known.
std::string matmul_choices_file();

}  // namespace cloze
