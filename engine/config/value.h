#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/config/quantity.h"

namespace cloze {

// The value of an option, freed of its C++ type so that visitors need no templates: a scalar, or several of
// them.

enum class ScalarKind : uint8_t { boolean, integer, number, text, path, choice };
enum class Shape : uint8_t { one, optional, list, map };

// boolean: bool; integer: Integer; number: double; text, path and choice (its name): string.
using Scalar = std::variant<bool, Integer, double, std::string>;

struct Entry {
  std::string key;  // in a map; empty elsewhere
  Scalar value;
  friend bool operator==(const Entry&, const Entry&) = default;
};

// Shape::one holds one entry, optional none or one, list and map any number.
using Setting = std::vector<Entry>;

struct OptionType {
  ScalarKind kind = ScalarKind::text;
  Shape shape = Shape::one;
  bool single_precision = false;      // a number kept as float
  Integer lowest = {}, highest = {};  // what the C++ type of an integer can hold
};

template <typename T>
struct Shaped {
  using Element = T;
  static constexpr Shape shape = Shape::one;
};
template <typename T>
struct Shaped<std::optional<T>> {
  using Element = T;
  static constexpr Shape shape = Shape::optional;
};
template <typename T>
struct Shaped<std::vector<T>> {
  using Element = T;
  static constexpr Shape shape = Shape::list;
};
template <typename T>
struct Shaped<std::map<std::string, T>> {
  using Element = T;
  static constexpr Shape shape = Shape::map;
};
template <typename T>
using ElementOf = typename Shaped<T>::Element;

template <typename T>
concept IntegerScalar = std::integral<T> && !std::same_as<T, bool> && sizeof(T) >= 4;
template <typename T>
concept PlainScalar = std::same_as<T, bool> || IntegerScalar<T> || std::same_as<T, double> ||
    std::same_as<T, float> || std::same_as<T, std::string> || std::same_as<T, std::filesystem::path>;

// Fields that option() takes: a scalar, or std::optional, std::vector or std::map<std::string, ...> of one.
template <typename T>
concept PlainValue = PlainScalar<ElementOf<T>>;
template <typename T>
concept ChoiceValue = std::is_enum_v<ElementOf<T>>;

template <typename T>
requires PlainValue<T> || ChoiceValue<T>
constexpr OptionType option_type_of() {
  using Element = ElementOf<T>;
  OptionType type{.shape = Shaped<T>::shape};
  if constexpr (std::is_enum_v<Element>) {
    type.kind = ScalarKind::choice;
  } else if constexpr (std::same_as<Element, bool>) {
    type.kind = ScalarKind::boolean;
  } else if constexpr (IntegerScalar<Element>) {
    type.kind = ScalarKind::integer;
    type.lowest = std::numeric_limits<Element>::min();
    type.highest = std::numeric_limits<Element>::max();
  } else if constexpr (std::floating_point<Element>) {
    type.kind = ScalarKind::number;
    type.single_precision = std::same_as<Element, float>;
  } else if constexpr (std::same_as<Element, std::filesystem::path>) {
    type.kind = ScalarKind::path;
  }
  return type;
}

template <PlainScalar T>
Scalar to_scalar(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value;
  } else if constexpr (IntegerScalar<T>) {
    return Integer(value);
  } else if constexpr (std::floating_point<T>) {
    return static_cast<double>(value);
  } else {
    return std::string(value);
  }
}

template <PlainScalar T>
T from_scalar(const Scalar& scalar) {
  if constexpr (std::same_as<T, bool>) {
    return std::get<bool>(scalar);
  } else if constexpr (IntegerScalar<T>) {
    return std::get<Integer>(scalar).template to<T>();
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(std::get<double>(scalar));
  } else {
    return T(std::get<std::string>(scalar));
  }
}

// The fields' value as a Setting; `convert` turns one element into a Scalar.
template <typename T, typename Convert>
Setting to_setting(const T& value, const Convert& convert) {
  Setting setting;
  if constexpr (Shaped<T>::shape == Shape::one) {
    setting.push_back({{}, convert(value)});
  } else if constexpr (Shaped<T>::shape == Shape::optional) {
    if (value) setting.push_back({{}, convert(*value)});
  } else if constexpr (Shaped<T>::shape == Shape::list) {
    for (const ElementOf<T>& element : value) setting.push_back({{}, convert(element)});
  } else {
    for (const auto& [key, element] : value) setting.push_back({key, convert(element)});
  }
  return setting;
}

template <typename T, typename Convert>
void from_setting(const Setting& setting, T& value, const Convert& convert) {
  if constexpr (Shaped<T>::shape == Shape::one) {
    value = convert(setting.front().value);
  } else {
    value = T();
    for (const Entry& entry : setting) {
      if constexpr (Shaped<T>::shape == Shape::optional) {
        value = convert(entry.value);
      } else if constexpr (Shaped<T>::shape == Shape::list) {
        value.push_back(convert(entry.value));
      } else {
        value.insert_or_assign(entry.key, convert(entry.value));
      }
    }
  }
}

// "true", "1000", "2e-05", or the text itself.
std::string scalar_text(const Scalar& scalar, const OptionType& type);

}  // namespace cloze
