#include "engine/config/schema.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "engine/config/read_value.h"

namespace cloze {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* quantity_pattern = "^[-+]?[0-9_]*\\.?[0-9_]+([eE][-+]?[0-9]+)?([kKMGT]|[KMGT]i)?$";
constexpr const char* percent_pattern = "^[0-9_]*\\.?[0-9_]+%$";

// 1 rather than 1.0
Json bound(double value) {
  return Json::parse(number_text(value, false));
}

void add_bounds(Json& schema, const Rules& rules) {
  if (rules.low) schema[rules.low->inclusive ? "minimum" : "exclusiveMinimum"] = bound(rules.low->value);
  if (rules.high) schema[rules.high->inclusive ? "maximum" : "exclusiveMaximum"] = bound(rules.high->value);
}

Json number_schema(const char* type, const Rules& rules) {
  Json number = {{"type", type}};
  add_bounds(number, rules);
  Json forms = Json::array({number, {{"type", "string"}, {"pattern", quantity_pattern}}});
  if (rules.percent) forms.push_back({{"type", "string"}, {"pattern", percent_pattern}});
  return {{"anyOf", forms}};
}

Json scalar_schema(const Option& option) {
  switch (option.type.kind) {
    case ScalarKind::boolean:
      return {{"type", "boolean"}};
    case ScalarKind::integer:
      return number_schema("integer", option.rules);
    case ScalarKind::number:
      return number_schema("number", option.rules);
    case ScalarKind::choice: {
      Json names = Json::array();
      for (const ChoiceName& choice : option.choices) names.push_back(choice.name);
      return {{"enum", names}};
    }
    case ScalarKind::text:
    case ScalarKind::path:
      break;
  }
  Json text = {{"type", Json::array({"string", "number", "boolean"})}};  // `name: 5` is the text "5"
  if (option.rules.non_empty) text["minLength"] = 1;
  return text;
}

Json or_null(const Json& schema) {
  return {{"anyOf", Json::array({schema, {{"type", "null"}}})}};
}

Json option_schema(const Option& option) {
  const Json scalar = scalar_schema(option);
  switch (option.type.shape) {
    case Shape::one:
      return scalar;
    case Shape::optional:
      return or_null(scalar);
    case Shape::list: {
      Json list = {{"type", "array"}, {"items", scalar}};
      if (option.rules.non_empty) list["minItems"] = 1;
      return list;
    }
    case Shape::map:
      break;
  }
  Json map = {{"type", "object"}, {"additionalProperties", scalar}};
  if (option.rules.non_empty) map["minProperties"] = 1;
  return map;
}

Json default_value(const Option& option) {
  const auto plain = [&](const Scalar& scalar) -> Json {
    if (const bool* flag = std::get_if<bool>(&scalar)) return *flag;
    if (const std::string* text = std::get_if<std::string>(&scalar)) return *text;
    return Json::parse(scalar_text(scalar, option.type));  // a number, exactly
  };
  const Setting& setting = option.current;
  if (option.type.shape == Shape::one) return plain(setting.front().value);
  if (option.type.shape == Shape::optional) return setting.empty() ? Json() : plain(setting.front().value);
  Json several = option.type.shape == Shape::list ? Json::array() : Json::object();
  for (const Entry& entry : setting) {
    if (option.type.shape == Shape::list) {
      several.push_back(plain(entry.value));
    } else {
      several[entry.key] = plain(entry.value);
    }
  }
  return several;
}

class Schema : public Fields {
 public:
  // Keys can be demanded only where no `base:` could give them.
  Json object(bool demand_required) const {
    Json schema = {{"type", "object"}, {"properties", properties_}, {"additionalProperties", false}};
    if (demand_required && !required_.empty()) schema["required"] = required_;
    return schema;
  }
  const Json& required_keys() const { return required_; }

 protected:
  void visit(const Option& option) override {
    Json schema = option_schema(option);
    if (!option.rules.required) schema["default"] = default_value(option);
    add(option.name, option.help, option.rules, std::move(schema));
  }
  void visit(const Section& section) override {
    Schema inside;
    section.describe(inside);
    add(section.name, section.help, section.rules, or_null(inside.object(false)));
  }
  void visit(const Sections& sections) override {
    Schema inside;
    sections.describe_default(inside);
    const bool list = sections.shape == Shape::list;
    Json schema =
        list ? Json{{"type", "array"}, {"items", inside.object(true)}} : or_null(inside.object(false));
    if (list && sections.rules.non_empty) schema["minItems"] = 1;
    add(sections.name, sections.help, sections.rules, std::move(schema));
  }

 private:
  void add(const std::string& name, const std::string& help, const Rules& rules, Json schema) {
    schema["description"] = help;
    properties_[name] = std::move(schema);
    if (rules.required) required_.push_back(name);
  }

  Json properties_ = Json::object();
  Json required_ = Json::array();
};

}  // namespace

std::string schema_json(const Description& description, const std::string& title) {
  Schema top;
  description(top);
  Json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", title}};
  schema.update(top.object(false));
  const Json path = {{"type", "string"}};
  schema["properties"]["base"] = {{"anyOf", Json::array({path, {{"type", "array"}, {"items", path}}})},
                                  {"description", "A file, or a list of files, that this one is laid upon"}};
  if (!top.required_keys().empty()) {
    schema["anyOf"] =
        Json::array({{{"required", Json::array({"base"})}}, {{"required", top.required_keys()}}});
  }
  return schema.dump(2) + "\n";
}

}  // namespace cloze
