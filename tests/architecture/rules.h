#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// The rules of docs/architecture.md that a program can check.
namespace cloze::architecture {

constexpr int longest_file = 500;  // lines of a source file

// "engine/ops/gelu.cpp:3: …" for each rule that the file breaks. `path` is relative to the repository root,
// with slashes.
std::vector<std::string> check_file(const std::string& path, std::string_view text);

// All files of the repository, build outputs and version control left out; sorted, relative to `root`.
std::vector<std::string> repository_files(const std::filesystem::path& root);

}  // namespace cloze::architecture
