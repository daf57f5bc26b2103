#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "engine/data/examples/record_lines.h"

namespace cloze {

struct JsonRecord {
  int64_t line = 0;       // from 1
  nlohmann::json object;  // always an object
};

// JSONL: a JSON object a line; lines of white space are skipped.
class JsonlReader {
 public:
  JsonlReader(std::function<std::string_view()> blocks, std::string name);

  // False at the end. Throws Error with file:line for a line that is no JSON object: cut in half, a list, an
  // object with a key twice.
  bool next(JsonRecord& record);

 private:
  RecordLines lines_;
};

}  // namespace cloze
