#include "engine/base/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

using nlohmann::json;

// Beyond any file of ours; keeps recursion over a value from exhausting the stack.
constexpr int deepest = 200;

std::string position(std::string_view text, size_t offset, std::string_view where) {
  offset = std::min(offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}:{}:{}", where, line, offset - line_start + 1);
}

std::string line_at(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const size_t start = text.substr(0, offset).rfind('\n') + 1;
  return std::string(text.substr(start, std::min<size_t>(text.find('\n', start) - start, 200)));
}

// "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ... - X; last read: Y" ->
// "syntax ..."
std::string reason(const json::parse_error& error) {
  const std::string text = error.what();
  const size_t colon = text.find(": ");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

// Watches the parser's events for repeated keys, of which nlohmann keeps the last without a word.
class RepeatedKeys {
 public:
  explicit RepeatedKeys(std::string_view where) : where_(where) {}

  bool operator()(int depth, json::parse_event_t event, const json& value) {
    if (depth > deepest) {
      throw Error({.what = "JSON is nested too deeply",
                   .where = where_,
                   .why = fmt::format("over {} levels", deepest)});
    }
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event == json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second) {
      throw Error(
          {.what = fmt::format("JSON key {} is given twice in one object", value.dump()), .where = where_});
    }
    return true;
  }

 private:
  std::string where_;
  std::vector<std::set<std::string>> keys_;
};

[[noreturn]] void fail(std::string_view key, std::string_view where, std::string_view found,
                       std::string_view wanted) {
  throw Error({.what = fmt::format("`{}` is {}", key, found),
               .where = std::string(where),
               .why = fmt::format("must be {}", wanted)});
}

const char* type_of(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "a list";
    case json::value_t::string:
      return "a text";
    case json::value_t::boolean:
      return "true or false";
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      return "an integer";
    case json::value_t::number_float:
      return "a number with a fraction";
    default:
      return "no JSON value";
  }
}

// The member, or null where it is missing.
const json* find(const json& object, std::string_view key, std::string_view where) {
  if (!object.is_object()) {
    throw Error({.what = fmt::format("expected a JSON object with `{}`", key),
                 .where = std::string(where),
                 .why = fmt::format("found {}", type_of(object))});
  }
  const auto found = object.find(std::string(key));
  return found == object.end() ? nullptr : &*found;
}

const json& member(const json& object, std::string_view key, std::string_view where,
                   std::string_view wanted) {
  const json* found = find(object, key, where);
  if (found == nullptr) fail(key, where, "missing", wanted);
  return *found;
}

bool is_given(const json& object, std::string_view key, std::string_view where) {
  const json* found = find(object, key, where);
  return found != nullptr && !found->is_null();
}

}  // namespace

json parse_json(std::string_view text, std::string_view where) {
  try {
    return json::parse(text, RepeatedKeys(where));
  } catch (const json::parse_error& error) {
    const size_t offset = error.byte == 0 ? 0 : error.byte - 1;
    throw Error({.what = "this is not valid JSON",
                 .where = position(text, offset, where),
                 .why = fmt::format("{}; the line reads: {}", reason(error), line_at(text, offset))});
  } catch (const json::out_of_range& error) {
    throw Error({.what = "this is not valid JSON", .where = std::string(where), .why = error.what()});
  }
}

json read_json(const std::filesystem::path& path) {
  return parse_json(read_file(path), path.string());
}

std::string json_text(const json& value) {
  try {
    return value.dump(2) + "\n";
  } catch (const json::type_error&) {
    throw Error({.what = "cannot write JSON", .why = "a text in it is not UTF-8"});
  }
}

std::string json_string(const json& object, std::string_view key, std::string_view where) {
  const json& value = member(object, key, where, "a text");
  if (!value.is_string()) fail(key, where, type_of(value), "a text");
  return value.get<std::string>();
}

int64_t json_integer(const json& object, std::string_view key, std::string_view where) {
  const json& value = member(object, key, where, "an integer");
  if (!value.is_number_integer()) fail(key, where, type_of(value), "an integer");
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
    fail(key, where, value.dump(), "an integer of 64 bits");
  }
  return value.get<int64_t>();
}

double json_number(const json& object, std::string_view key, std::string_view where) {
  const json& value = member(object, key, where, "a number");
  if (!value.is_number()) fail(key, where, type_of(value), "a number");
  return value.get<double>();
}

bool json_boolean(const json& object, std::string_view key, std::string_view where) {
  const json& value = member(object, key, where, "true or false");
  if (!value.is_boolean()) fail(key, where, type_of(value), "true or false");
  return value.get<bool>();
}

const json& json_object(const json& object, std::string_view key, std::string_view where) {
  const json& value = member(object, key, where, "an object");
  if (!value.is_object()) fail(key, where, type_of(value), "an object");
  return value;
}

const json& json_array(const json& object, std::string_view key, std::string_view where) {
  const json& value = member(object, key, where, "a list");
  if (!value.is_array()) fail(key, where, type_of(value), "a list");
  return value;
}

std::string json_string_or(const json& object, std::string_view key, std::string fallback,
                           std::string_view where) {
  return is_given(object, key, where) ? json_string(object, key, where) : fallback;
}
int64_t json_integer_or(const json& object, std::string_view key, int64_t fallback, std::string_view where) {
  return is_given(object, key, where) ? json_integer(object, key, where) : fallback;
}
double json_number_or(const json& object, std::string_view key, double fallback, std::string_view where) {
  return is_given(object, key, where) ? json_number(object, key, where) : fallback;
}
bool json_boolean_or(const json& object, std::string_view key, bool fallback, std::string_view where) {
  return is_given(object, key, where) ? json_boolean(object, key, where) : fallback;
}

}  // namespace cloze
