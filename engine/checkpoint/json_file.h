#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

namespace cloze {

// Parses a file that holds one JSON object; throws Error with the file, and the place where the JSON is
// broken.
nlohmann::json read_json_object(const std::filesystem::path& path);

}  // namespace cloze
