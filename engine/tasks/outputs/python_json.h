#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cloze {

// Writes what Python's json.dumps(value, indent=indent) writes, for files that must equal a Python program's
// byte by byte: "\u00e9" for what is not ASCII, numbers as repr() prints them (NaN, Infinity), and without an
// indent all on one line with ", " and ": ".
//
//   writer.begin_object();
//   writer.key("f1"); writer.number(92.2);
//   writer.end_object();
class PythonJsonWriter {
 public:
  explicit PythonJsonWriter(std::optional<int> indent = std::nullopt) : indent_(indent) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_list() { begin('['); }
  void end_list() { end(']'); }
  void key(std::string_view name);   // the next call gives its value
  void text(std::string_view utf8);  // throws Error for what is not UTF-8
  void number(double value);
  void integer(int64_t value);

  // All that was written since the last call.
  std::string take() { return std::exchange(text_, {}); }

 private:
  void begin(char bracket);
  void end(char bracket);
  void begin_element();
  void new_line();
  void append_text(std::string_view utf8);

  std::optional<int> indent_;
  std::string text_;
  std::vector<size_t> elements_;  // so far in each object or list that is open
  bool after_key_ = false;
};

}  // namespace cloze
