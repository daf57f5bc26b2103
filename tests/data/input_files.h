#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace cloze::testing {

enum class Packing { gzip, bzip2, xz, zstd, lz4 };

void write_text(const std::filesystem::path& path, const std::string& text);
// A single compressed file.
void write_packed(const std::filesystem::path& path, const std::string& text, Packing packing);
// A compressed tar archive of (name, text).
void write_tar(const std::filesystem::path& path,
               const std::vector<std::pair<std::string, std::string>>& files, Packing packing);

}  // namespace cloze::testing
