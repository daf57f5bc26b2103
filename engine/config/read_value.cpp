#include "engine/config/read_value.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "engine/base/edit_distance.h"

namespace cloze {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

// Reads one scalar; `key` names it in messages (`betas[1]`).
class ScalarReader {
 public:
  ScalarReader(const Option& option, std::string key, const ConfigNode& node, Place place, Mistakes& mistakes)
      : option_(option), key_(std::move(key)), node_(node), place_(std::move(place)), mistakes_(mistakes) {}

  std::optional<Scalar> read() const {
    if (node_.kind != ConfigNode::Kind::scalar) {
      return refuse(fmt::format("must be {}", scalar_type_text()),
                    node_.kind == ConfigNode::Kind::null ? empty_remedy() : "");
    }
    switch (option_.type.kind) {
      case ScalarKind::boolean:
        return boolean();
      case ScalarKind::integer:
        return integer();
      case ScalarKind::number:
        return number();
      case ScalarKind::choice:
        return choice();
      case ScalarKind::text:
        return text();
      case ScalarKind::path:
        return path();
    }
    return std::nullopt;
  }

 private:
  std::nullopt_t refuse(const std::string& why, std::string remedy = {}) const {
    const std::string shown =
        node_.quoted ? fmt::format("the quoted text {}", description(node_)) : description(node_);
    mistakes_.add(place_, fmt::format("`{}` is {}", key_, shown), why, std::move(remedy));
    return std::nullopt;
  }

  std::string scalar_type_text() const {
    Option scalar{.type = option_.type, .choices = option_.choices};
    scalar.type.shape = Shape::one;
    return type_text(scalar);
  }

  std::string empty_remedy() const {
    const bool text = option_.type.kind == ScalarKind::text || option_.type.kind == ScalarKind::path;
    return text ? "write \"\" for an empty text, and \"null\" in quotes for that word"
                : "give a value or delete the line to keep the default";
  }

  // True where a number or truth value stands in quotes; says so.
  bool refuse_quotes() const {
    if (!node_.quoted) return false;
    refuse(fmt::format("must be {}, which has no quotes", scalar_type_text()), "take the quotes off");
    return true;
  }

  std::optional<Scalar> boolean() const {
    if (refuse_quotes()) return std::nullopt;
    if (is_one_of(node_.text, {"true", "True", "TRUE"})) return true;
    if (is_one_of(node_.text, {"false", "False", "FALSE"})) return false;
    return refuse("must be true or false", "yes, no, on, off, 1 and 0 are not read as truth values");
  }

  std::optional<Scalar> integer() const {
    if (refuse_quotes()) return std::nullopt;
    std::string why;
    const std::optional<Integer> value = parse_integer(node_.text, why);
    if (!value) return refuse(fmt::format("must be {}; this {}", scalar_type_text(), why));
    if (*value < option_.type.lowest || *value > option_.type.highest) {
      return refuse(
          fmt::format("must be between {} and {}", option_.type.lowest.text(), option_.type.highest.text()));
    }
    if (!in_range(option_.rules, value->to_double()))
      return refuse(fmt::format("must be {}", range_text(option_.rules)));
    return *value;
  }

  std::optional<Scalar> number() const {
    if (refuse_quotes()) return std::nullopt;
    std::string why;
    const NumberForm form{.percent = option_.rules.percent,
                          .single_precision = option_.type.single_precision};
    const std::optional<double> value = parse_number(node_.text, form, why);
    if (!value) return refuse(fmt::format("must be {}; this {}", scalar_type_text(), why));
    if (!in_range(option_.rules, *value)) return refuse(fmt::format("must be {}", range_text(option_.rules)));
    return *value;
  }

  std::optional<Scalar> choice() const {
    std::vector<std::string> names;
    for (const ChoiceName& choice : option_.choices) names.push_back(choice.name);
    if (std::ranges::find(names, node_.text) != names.end()) return node_.text;
    const std::optional<std::string> meant = nearest(node_.text, names);
    return refuse(fmt::format("must be {}", scalar_type_text()),
                  meant ? fmt::format("did you mean `{}`?", *meant) : "");
  }

  std::optional<Scalar> text() const {
    if (node_.text.empty() && option_.rules.non_empty) return refuse("must not be empty");
    return node_.text;
  }

  // Absolute, seen from the folder of the text that holds it; an empty path stays empty.
  std::optional<Scalar> path() const {
    if (node_.text.empty()) return text();
    const std::filesystem::path folder =
        node_.place.source ? node_.place.source->folder : std::filesystem::path();
    return std::filesystem::absolute(folder / node_.text).lexically_normal().string();
  }

  const Option& option_;
  std::string key_;
  const ConfigNode& node_;
  Place place_;
  Mistakes& mistakes_;
};

std::string wrong_shape_remedy(const Option& option, const ConfigNode& node) {
  if (option.type.shape == Shape::map) return "write {} for an empty one";
  return node.kind == ConfigNode::Kind::scalar ? fmt::format("write [{}]", node.text)
                                               : "write [] for an empty one";
}

std::optional<Setting> read_several(const Option& option, const std::string& key, const Member& member,
                                    Mistakes& mistakes) {
  const bool map = option.type.shape == Shape::map;
  const ConfigNode& node = member.node;
  if (node.kind != (map ? ConfigNode::Kind::map : ConfigNode::Kind::list)) {
    mistakes.add(member.place, fmt::format("`{}` is {}", key, description(node)),
                 fmt::format("must be {}", type_text(option)), wrong_shape_remedy(option, node));
    return std::nullopt;
  }
  if (node.members.empty() && option.rules.non_empty) {
    mistakes.add(member.place, fmt::format("`{}` is empty", key), "must have at least one element");
    return std::nullopt;
  }
  Setting setting;
  for (size_t i = 0; i < node.members.size(); ++i) {
    const Member& element = node.members[i];
    const std::string element_key =
        map ? fmt::format("{}.{}", key, element.key) : fmt::format("{}[{}]", key, i);
    const auto scalar = ScalarReader(option, element_key, element.node, element.place, mistakes).read();
    if (scalar) setting.push_back({element.key, *scalar});
  }
  if (setting.size() != node.members.size()) return std::nullopt;
  return setting;
}

std::string choice_text(const Option& option) {
  std::string text = "one of ";
  for (const ChoiceName& choice : option.choices) {
    if (&choice != &option.choices.front()) text += ", ";
    text += choice.name;
  }
  return text;
}

}  // namespace

std::optional<Setting> read_value(const Option& option, const std::string& key, const Member& member,
                                  Mistakes& mistakes) {
  if (option.type.shape == Shape::list || option.type.shape == Shape::map) {
    return read_several(option, key, member, mistakes);
  }
  if (option.type.shape == Shape::optional && member.node.kind == ConfigNode::Kind::null) return Setting();
  const auto scalar = ScalarReader(option, key, member.node, member.place, mistakes).read();
  if (!scalar) return std::nullopt;
  return Setting{{{}, *scalar}};
}

std::string type_text(const Option& option) {
  struct Words {
    const char* one;
    std::string many;
  };
  const auto words = [&]() -> Words {
    switch (option.type.kind) {
      case ScalarKind::boolean:
        return {"true or false", "truth values"};
      case ScalarKind::integer:
        return {"an integer", "integers"};
      case ScalarKind::number:
        return {"a number", "numbers"};
      case ScalarKind::text:
        return {"a text", "texts"};
      case ScalarKind::path:
        return {"a path", "paths"};
      case ScalarKind::choice:
        return {"", fmt::format("words, each {}", choice_text(option))};
    }
    return {};
  }();
  const std::string one = option.type.kind == ScalarKind::choice ? choice_text(option) : words.one;
  switch (option.type.shape) {
    case Shape::one:
      return one;
    case Shape::optional:
      return one + ", or null";
    case Shape::list:
      return "a list of " + words.many;
    case Shape::map:
      return "a map from names to " + words.many;
  }
  return one;
}

}  // namespace cloze
