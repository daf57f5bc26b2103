#pragma once

#include <string>

namespace cloze {

// The Unicode version of the tables in use (ICU's), as "15.0". Newer versions know more marks, letters and
// punctuation, so a model trained under one version may see other tokens for such characters under another.
std::string unicode_version();

}  // namespace cloze
