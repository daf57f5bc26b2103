#include "engine/tasks/outputs/python_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/tasks/outputs/python_number.h"

namespace cloze {
namespace {

bool needs_no_escape(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

}  // namespace

void PythonJsonWriter::key(std::string_view name) {
  begin_element();
  append_text(name);
  text_ += ": ";
  after_key_ = true;
}

void PythonJsonWriter::text(std::string_view utf8) {
  begin_element();
  append_text(utf8);
}

void PythonJsonWriter::number(double value) {
  begin_element();
  if (std::isnan(value)) {
    text_ += "NaN";
  } else if (std::isinf(value)) {
    text_ += value < 0 ? "-Infinity" : "Infinity";
  } else {
    text_ += python_repr(value);
  }
}

void PythonJsonWriter::integer(int64_t value) {
  begin_element();
  text_ += std::to_string(value);
}

void PythonJsonWriter::begin(char bracket) {
  begin_element();
  text_ += bracket;
  elements_.push_back(0);
}

void PythonJsonWriter::end(char bracket) {
  const bool empty = elements_.back() == 0;
  elements_.pop_back();
  if (!empty) new_line();
  text_ += bracket;
}

// A comma and a new line, as the place asks for: none behind a key and at the top.
void PythonJsonWriter::begin_element() {
  if (std::exchange(after_key_, false) || elements_.empty()) return;
  if (elements_.back()++ > 0) text_ += indent_ ? "," : ", ";
  new_line();
}

void PythonJsonWriter::new_line() {
  if (!indent_) return;
  text_ += '\n';
  text_.append(elements_.size() * static_cast<size_t>(*indent_), ' ');
}

void PythonJsonWriter::append_text(std::string_view utf8) {
  if (std::all_of(utf8.begin(), utf8.end(), needs_no_escape)) {
    text_ += '"';
    text_ += utf8;
    text_ += '"';
    return;
  }
  try {
    text_ += nlohmann::json(utf8).dump(-1, ' ', /*ensure_ascii=*/true);
  } catch (const nlohmann::json::type_error&) {
    throw Error({.what = "cannot write JSON", .why = "a text in it is not UTF-8"});
  }
}

}  // namespace cloze
