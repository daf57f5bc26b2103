#pragma once

#include <filesystem>
#include <string>

namespace cloze {

// A file of /proc, /sys or /etc: they may be missing, vanish or be closed to us, and then say nothing.
std::string system_file(const std::filesystem::path& path);

}  // namespace cloze
