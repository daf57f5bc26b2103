#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/data/squad/json_events.h"
#include "engine/data/squad/question_file.h"

namespace cloze {

// Builds a QuestionFile out of the events of its JSON text. Keys it does not know are passed over with all
// that is in them.
class QuestionFileParser final : public JsonHandler {
 public:
  explicit QuestionFileParser(std::filesystem::path path);

  void begin_object() override { begin(Kind::object); }
  void begin_list() override { begin(Kind::list); }
  void end() override;
  void key(std::string&& name) override;
  void value(nlohmann::json&& scalar) override;

  // After the whole text was parsed.
  QuestionFile take();

 private:
  enum class Kind : uint8_t { object, list };
  // The objects and lists of the format, from outside inwards.
  enum class Level : uint8_t {
    file,
    document,
    articles,
    article,
    paragraphs,
    paragraph,
    questions,
    question,
    answers,
    answer,
    elsewhere,  // below an unknown key
  };
  struct Nesting {
    Level outer;
    std::string_view key;  // empty for what stands in a list
    Kind kind;
    Level inner;
  };
  struct Open {
    Level level;
    std::vector<std::string> keys;  // seen so far; the last is the present one
  };

  static const Nesting* find_nesting(Level outer, std::string_view key);
  Level level() const { return open_.empty() ? Level::file : open_.back().level; }
  std::string_view present_key() const;
  void begin(Kind kind);
  void begin_question();
  void end_paragraph();
  void end_question();
  void end_answer();
  void paragraph_value(std::string_view key, nlohmann::json&& scalar);
  void question_value(std::string_view key, nlohmann::json&& scalar);
  void answer_value(std::string_view key, nlohmann::json&& scalar);
  std::string text_of(nlohmann::json&& scalar, std::string_view key) const;
  bool is_seen(std::string_view key) const;  // in the object that is open
  void require_key(std::string_view key, std::string_view owner) const;
  [[noreturn]] void fail(const std::string& what, const std::string& why = "",
                         const std::string& remedy = "") const;
  [[noreturn]] void fail_type(std::string_view key, std::string_view found, std::string_view wanted) const;

  QuestionFile file_;
  std::vector<Open> open_;
  bool has_data_ = false;
  std::unordered_map<std::string, int64_t> line_of_id_;
};

}  // namespace cloze
