#include "engine/data/squad/json_events.h"

#include <fmt/core.h>

#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

using nlohmann::json;

// Walks the text and counts lines. The parser reads one character ahead of a number, so that a line ends only
// when the character behind its '\n' is taken.
class LineCounter {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCounter(const char* at, int64_t* line) : at_(at), line_(line) {}

  reference operator*() const { return *at_; }
  LineCounter& operator++() {
    if (after_newline_) ++*line_;
    after_newline_ = *at_ == '\n';
    ++at_;
    return *this;
  }
  bool operator==(const LineCounter& other) const { return at_ == other.at_; }
  bool operator!=(const LineCounter& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  int64_t* line_;
  bool after_newline_ = false;
};

// "[json.exception.parse_error.101] parse error at …: syntax error …" -> "syntax error …"
std::string reason(const json::exception& error) {
  const std::string text = error.what();
  const size_t colon = text.find(": ");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

}  // namespace

// Turns the parser's calls into the handler's events.
class JsonEventSource final : public json::json_sax_t {
 public:
  JsonEventSource(std::string where, JsonHandler& handler) : where_(std::move(where)), handler_(handler) {}

  int64_t* line() { return &handler_.line_; }

  bool null() override { return value(nullptr); }
  bool boolean(bool is) override { return value(is); }
  bool number_integer(int64_t number) override { return value(number); }
  bool number_unsigned(uint64_t number) override { return value(number); }
  bool number_float(double number, const std::string&) override { return value(number); }
  bool string(std::string& text) override { return value(std::move(text)); }
  bool binary(json::binary_t&) override { return false; }  // JSON text has none
  bool key(std::string& name) override {
    handler_.key(std::move(name));
    return true;
  }
  bool start_object(size_t) override {
    handler_.begin_object();
    return true;
  }
  bool start_array(size_t) override {
    handler_.begin_list();
    return true;
  }
  bool end_object() override {
    handler_.end();
    return true;
  }
  bool end_array() override {
    handler_.end();
    return true;
  }
  bool parse_error(size_t byte, const std::string&, const json::exception& error) override {
    throw Error({.what = "this is not valid JSON",
                 .where = fmt::format("{}:{}", where_, handler_.line_),
                 .why = fmt::format("{} (byte {})", reason(error), byte),
                 .remedy = "check that the file is complete"});
  }

 private:
  bool value(json&& scalar) {
    handler_.value(std::move(scalar));
    return true;
  }

  std::string where_;
  JsonHandler& handler_;
};

void parse_json_events(std::string_view text, const std::string& where, JsonHandler& handler) {
  JsonEventSource source(where, handler);
  *source.line() = 1;
  json::sax_parse(LineCounter(text.data(), source.line()),
                  LineCounter(text.data() + text.size(), source.line()), &source);
}

std::string_view json_kind(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "a text";
  if (value.is_number()) return "a number";
  if (value.is_boolean()) return "true or false";
  return "null";
}

}  // namespace cloze
