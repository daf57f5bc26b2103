#include "engine/tasks/squad/score_files.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/data/squad/json_events.h"

namespace cloze {
namespace {

using nlohmann::json;

// Collects the members of an object whose values are all texts or all numbers, in their order.
template <typename Value>
class ObjectById final : public JsonHandler {
 public:
  explicit ObjectById(const std::filesystem::path& path) : path_(path) {}

  void begin_object() override {
    if (inside_) refuse(json::object());
    inside_ = true;
  }
  void begin_list() override { refuse(json::array()); }
  void end() override {}
  void key(std::string&& name) override {
    id_ = std::move(name);
    if (!seen_.insert(id_).second) fail(fmt::format("the question id `{}` is given twice", id_), "");
  }
  void value(json&& scalar) override {
    if (!inside_ || !(is_text ? scalar.is_string() : scalar.is_number())) refuse(scalar);
    members_.emplace_back(id_, scalar.get<Value>());
  }

  std::vector<std::pair<std::string, Value>> take() { return std::move(members_); }

 private:
  static constexpr bool is_text = std::is_same_v<Value, std::string>;

  [[noreturn]] void refuse(const json& found) const {
    if (!inside_) fail(fmt::format("the file holds {}, but must hold an object", json_kind(found)), "");
    fail(fmt::format("a value is {}, but must be {}", json_kind(found), is_text ? "a text" : "a number"),
         fmt::format("for question `{}`", id_));
  }
  [[noreturn]] void fail(const std::string& what, const std::string& why) const {
    throw Error({.what = what, .where = fmt::format("{}:{}", path_.string(), line()), .why = why});
  }

  const std::filesystem::path& path_;
  bool inside_ = false;
  std::string id_;
  std::unordered_set<std::string> seen_;
  std::vector<std::pair<std::string, Value>> members_;
};

template <typename Value>
std::vector<std::pair<std::string, Value>> read_object_by_id(const std::filesystem::path& path) {
  ObjectById<Value> object(path);
  parse_json_events(read_file(path), path.string(), object);
  return object.take();
}

}  // namespace

PredictedAnswers read_predictions(const std::filesystem::path& path) {
  PredictedAnswers answers;
  for (auto& [id, text] : read_object_by_id<std::string>(path)) answers.emplace(id, std::move(text));
  return answers;
}

NullOdds read_null_odds(const std::filesystem::path& path) {
  return read_object_by_id<double>(path);
}

}  // namespace cloze
