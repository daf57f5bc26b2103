#pragma once

#include <span>
#include <string>

namespace cloze {

// "`a`, `b`, ..." for messages: at most `most` texts, each cut to about 40 bytes.
std::string quoted_list(std::span<const std::string> texts, size_t most = 30);

}  // namespace cloze
