#pragma once

#include <string>
#include <string_view>

namespace cloze {

// Under these names a parameter's moments lie in optimizer.safetensors, and a graph's state value (an FP8
// scale, say).
std::string first_moment_name(std::string_view parameter);   // "<parameter>/first_moment"
std::string second_moment_name(std::string_view parameter);  // "<parameter>/second_moment"
std::string state_value_name(std::string_view value);        // "state/<value>"

}  // namespace cloze
