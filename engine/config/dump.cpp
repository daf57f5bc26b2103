#include "engine/config/dump.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <utility>
#include <vector>

namespace cloze {
namespace {

// Text that every YAML reader, 1.1 or 1.2, takes for text.
bool is_plain(std::string_view text) {
  constexpr std::array words = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_'; };
  const auto is_inner = [&](unsigned char c) {
    return is_letter(c) || std::isdigit(c) != 0 || c == '.' || c == '-' || c == '/';
  };
  if (text.empty() || !(is_letter(static_cast<unsigned char>(text[0])) || text[0] == '/')) return false;
  if (!std::ranges::all_of(text, is_inner)) return false;
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::find(words, lower) == words.end();
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string text_yaml(std::string_view text) {
  return is_plain(text) ? std::string(text) : quoted(text);
}

std::string scalar_yaml(const Scalar& scalar, const OptionType& type) {
  const std::string text = scalar_text(scalar, type);
  if (type.kind == ScalarKind::path && !text.empty()) {
    return text_yaml(std::filesystem::absolute(text).lexically_normal().string());
  }
  return std::holds_alternative<std::string>(scalar) ? text_yaml(text) : text;
}

class Dump : public Fields {
 public:
  std::vector<std::string> take_lines() { return std::move(lines_); }

 protected:
  void visit(const Option& option) override { lines_.push_back(option.name + ": " + setting_yaml(option)); }

  void visit(const Section& section) override { nest(section.name, section.describe); }

  void visit(const Sections& sections) override {
    const auto describe = [&](size_t i) {
      return [&sections, i](Fields& fields) { sections.describe(fields, i); };
    };
    if (sections.count == 0) {
      lines_.push_back(sections.name + (sections.shape == Shape::list ? ": []" : ": null"));
    } else if (sections.shape == Shape::optional) {
      nest(sections.name, describe(0));
    } else {
      lines_.push_back(sections.name + ":");
      for (size_t i = 0; i < sections.count; ++i) add_element(describe(i));
    }
  }

 private:
  static std::vector<std::string> lines_of(const Description& description) {
    Dump inside;
    description(inside);
    return inside.take_lines();
  }

  void nest(const std::string& name, const Description& description) {
    const std::vector<std::string> inside = lines_of(description);
    lines_.push_back(name + (inside.empty() ? ": {}" : ":"));
    for (const std::string& line : inside) lines_.push_back("  " + line);
  }

  void add_element(const Description& description) {
    std::vector<std::string> inside = lines_of(description);
    if (inside.empty()) inside = {"{}"};
    for (const std::string& line : inside)
      lines_.push_back((&line == inside.data() ? "  - " : "    ") + line);
  }

  std::vector<std::string> lines_;
};

}  // namespace

std::string setting_yaml(const Option& option) {
  const Setting& setting = option.current;
  switch (option.type.shape) {
    case Shape::one:
      return scalar_yaml(setting.front().value, option.type);
    case Shape::optional:
      return setting.empty() ? "null" : scalar_yaml(setting.front().value, option.type);
    case Shape::list:
    case Shape::map:
      break;
  }
  const bool map = option.type.shape == Shape::map;
  std::string text;
  for (const Entry& entry : setting) {
    if (!text.empty()) text += ", ";
    if (map) text += text_yaml(entry.key) + ": ";
    text += scalar_yaml(entry.value, option.type);
  }
  return map ? "{" + text + "}" : "[" + text + "]";
}

std::string dump_yaml(const Description& description) {
  Dump dump;
  description(dump);
  std::string text;
  for (const std::string& line : dump.take_lines()) text += line + "\n";
  return text;
}

}  // namespace cloze
