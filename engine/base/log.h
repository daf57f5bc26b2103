#pragma once

#include <fmt/core.h>

#include <filesystem>
#include <string>
#include <utility>

// Log lines go to standard error (results go to standard output) and, once a run folder is open, to its
// log.txt.
namespace cloze::log {

enum class Level { debug, info, warning, error };

void write(Level level, const std::string& message);
void set_level(Level level);

// Stands before every message from now on: "rank 1: ".
void set_prefix(const std::string& prefix);

// Also appends every line to `path` from now on; an empty path stops that.
void set_file(const std::filesystem::path& path);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace cloze::log
