#include "engine/data/examples/jsonl_reader.h"

#include <fmt/core.h>

#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"

namespace cloze {
namespace {

[[noreturn]] void fail(const std::string& where, const std::string& why) {
  throw Error({.what = "this line is no JSON object",
               .where = where,
               .why = why,
               .remedy = "JSONL has one whole object a line; `jq -c .[]` turns a JSON list into it"});
}

// parse_json() counts lines from the start of what it is given, which is one line here.
nlohmann::json parse_line(std::string_view text, const std::string& where) {
  try {
    return parse_json(text, where);
  } catch (const Error& error) {
    fail(where, error.problem().why.empty() ? error.problem().what : error.problem().why);
  }
}

}  // namespace

JsonlReader::JsonlReader(std::function<std::string_view()> blocks, std::string name)
    : lines_(std::move(blocks), std::move(name)) {}

bool JsonlReader::next(JsonRecord& record) {
  RecordLine line;
  do {
    if (!lines_.next(line)) return false;
  } while (is_blank(line.text));
  record.line = line.number;
  const std::string where = line_place(lines_.name(), line.number);
  record.object = parse_line(line.text, where);
  if (!record.object.is_object()) fail(where, fmt::format("it is {}", record.object.type_name()));
  return true;
}

}  // namespace cloze
