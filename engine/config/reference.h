#pragma once

#include <string>

#include "engine/config/outline.h"

namespace cloze {

// A Markdown page: for each section a table of key, type, default, range and help; choices with help are
// listed below.
std::string reference_markdown(const Description& description, const std::string& title);

}  // namespace cloze
