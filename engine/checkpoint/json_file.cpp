#include "engine/checkpoint/json_file.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {

nlohmann::json read_json_object(const std::filesystem::path& path) {
  using nlohmann::json;
  const std::string text = read_file(path);
  try {
    json parsed = json::parse(text);
    if (parsed.is_object()) return parsed;
  } catch (const json::exception& error) {
    throw Error({.what = "not a valid JSON file", .where = path.string(), .why = error.what()});
  }
  throw Error({.what = "not a valid JSON file", .where = path.string(), .why = "it does not hold an object"});
}

}  // namespace cloze
