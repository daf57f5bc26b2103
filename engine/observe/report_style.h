#pragma once

#include <string_view>

namespace cloze {

// The style sheet of report pages: colours for light and dark screens, one column on a phone.
std::string_view report_style();

}  // namespace cloze
