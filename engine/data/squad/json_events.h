#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace cloze {

// Receives a JSON text value by value, so that a large file need not become a tree, and every mistake has its
// line. What a handler throws leaves parse_json_events().
class JsonHandler {
 public:
  virtual ~JsonHandler() = default;

  virtual void begin_object() = 0;
  virtual void begin_list() = 0;
  virtual void end() = 0;                           // of the object or list begun last
  virtual void key(std::string&& name) = 0;         // its value comes next
  virtual void value(nlohmann::json&& scalar) = 0;  // a text, number, true, false or null

  int64_t line() const { return line_; }  // on which the present event stands, from 1

 private:
  friend class JsonEventSource;
  int64_t line_ = 1;
};

// Throws Error ("where:line") where the text is not JSON. `where` is the file's name.
void parse_json_events(std::string_view text, const std::string& where, JsonHandler& handler);

// "an object", "a list", "a text", "a number", "true or false", "null": for messages.
std::string_view json_kind(const nlohmann::json& value);

}  // namespace cloze
