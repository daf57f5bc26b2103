#include "engine/checkpoint/checkpoint_names.h"

#include <fmt/format.h>

namespace cloze {

std::string first_moment_name(std::string_view parameter) {
  return fmt::format("{}/first_moment", parameter);
}
std::string second_moment_name(std::string_view parameter) {
  return fmt::format("{}/second_moment", parameter);
}
std::string state_value_name(std::string_view value) {
  return fmt::format("state/{}", value);
}

}  // namespace cloze
