#include "engine/data/squad/question_file_parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"

namespace cloze {

using nlohmann::json;

QuestionFileParser::QuestionFileParser(std::filesystem::path path) {
  file_.path = std::move(path);
}

const QuestionFileParser::Nesting* QuestionFileParser::find_nesting(Level outer, std::string_view key) {
  static constexpr std::array nestings = {
      Nesting{Level::file, "", Kind::object, Level::document},
      Nesting{Level::document, "data", Kind::list, Level::articles},
      Nesting{Level::articles, "", Kind::object, Level::article},
      Nesting{Level::article, "paragraphs", Kind::list, Level::paragraphs},
      Nesting{Level::paragraphs, "", Kind::object, Level::paragraph},
      Nesting{Level::paragraph, "qas", Kind::list, Level::questions},
      Nesting{Level::questions, "", Kind::object, Level::question},
      Nesting{Level::question, "answers", Kind::list, Level::answers},
      Nesting{Level::answers, "", Kind::object, Level::answer},
  };
  const auto* found = std::find_if(nestings.begin(), nestings.end(), [&](const Nesting& nesting) {
    return nesting.outer == outer && nesting.key == key;
  });
  return found == nestings.end() ? nullptr : found;
}

std::string_view QuestionFileParser::present_key() const {
  return open_.empty() || open_.back().keys.empty() ? std::string_view() : open_.back().keys.back();
}

void QuestionFileParser::begin(Kind kind) {
  const Nesting* nesting = find_nesting(level(), present_key());
  if (nesting == nullptr) {
    // A known key of a scalar must not hold an object or a list.
    if (level() != Level::elsewhere) value(kind == Kind::object ? json::object() : json::array());
    open_.push_back({Level::elsewhere, {}});
    return;
  }
  if (nesting->kind != kind) {
    fail_type(present_key(), kind == Kind::object ? "an object" : "a list",
              kind == Kind::object ? "a list" : "an object");
  }
  if (nesting->inner == Level::articles) has_data_ = true;
  if (nesting->inner == Level::paragraph) file_.passages.emplace_back();
  if (nesting->inner == Level::question) begin_question();
  if (nesting->inner == Level::answers) file_.questions.back().has_answers = true;
  if (nesting->inner == Level::answer) file_.questions.back().answers.emplace_back();
  open_.push_back({nesting->inner, {}});
}

void QuestionFileParser::begin_question() {
  Question& question = file_.questions.emplace_back();
  question.passage = file_.passages.size() - 1;
  question.line = line();
}

void QuestionFileParser::end() {
  if (level() == Level::article) require_key("paragraphs", "an article");
  if (level() == Level::paragraph) end_paragraph();
  if (level() == Level::question) end_question();
  if (level() == Level::answer) end_answer();
  open_.pop_back();
}

void QuestionFileParser::end_paragraph() {
  require_key("context", "a paragraph");
  require_key("qas", "a paragraph");
  Passage& passage = file_.passages.back();
  passage.words = context_words(passage.text);
}

void QuestionFileParser::end_question() {
  require_key("id", "a question");
  require_key("question", "a question");
}

void QuestionFileParser::end_answer() {
  require_key("text", "an answer");
}

void QuestionFileParser::key(std::string&& name) {
  if (level() == Level::elsewhere) return;
  if (is_seen(name)) fail(fmt::format("the key `{}` is given twice in one object", name));
  open_.back().keys.push_back(std::move(name));
}

void QuestionFileParser::value(json&& scalar) {
  if (level() == Level::elsewhere) return;
  const std::string_view key = present_key();
  if (const Nesting* nesting = find_nesting(level(), key)) {
    fail_type(key, json_kind(scalar), nesting->kind == Kind::object ? "an object" : "a list");
  }
  if (level() == Level::paragraph) paragraph_value(key, std::move(scalar));
  if (level() == Level::question) question_value(key, std::move(scalar));
  if (level() == Level::answer) answer_value(key, std::move(scalar));
}

void QuestionFileParser::paragraph_value(std::string_view key, json&& scalar) {
  if (key == "context") file_.passages.back().text = text_of(std::move(scalar), key);
}

void QuestionFileParser::question_value(std::string_view key, json&& scalar) {
  Question& question = file_.questions.back();
  if (key == "question") question.text = text_of(std::move(scalar), key);
  if (key == "is_impossible") {
    if (!scalar.is_boolean()) fail_type(key, json_kind(scalar), "true or false");
    question.impossible = scalar.get<bool>();
  }
  if (key != "id") return;
  question.id = text_of(std::move(scalar), key);
  const auto [known, is_new] = line_of_id_.emplace(question.id, question.line);
  if (!is_new) {
    fail(fmt::format("the question id `{}` is given twice", question.id),
         fmt::format("first on line {}; predictions are told apart by their ids", known->second));
  }
}

void QuestionFileParser::answer_value(std::string_view key, json&& scalar) {
  Answer& answer = file_.questions.back().answers.back();
  if (key == "text") answer.text = text_of(std::move(scalar), key);
  if (key != "answer_start") return;
  if (!scalar.is_number_integer()) fail_type(key, json_kind(scalar), "a whole number");
  constexpr auto greatest = uint64_t{std::numeric_limits<int64_t>::max()};
  const bool fits = !scalar.is_number_unsigned() || scalar.get<uint64_t>() <= greatest;
  if (!fits) fail_type(key, scalar.dump(), "a position in the context");
  answer.start = scalar.get<int64_t>();
}

std::string QuestionFileParser::text_of(json&& scalar, std::string_view key) const {
  if (!scalar.is_string()) fail_type(key, json_kind(scalar), "a text");
  return std::move(scalar.get_ref<std::string&>());
}

bool QuestionFileParser::is_seen(std::string_view key) const {
  const auto& keys = open_.back().keys;
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

void QuestionFileParser::require_key(std::string_view key, std::string_view owner) const {
  if (!is_seen(key)) fail(fmt::format("{} has no `{}`", owner, key));
}

QuestionFile QuestionFileParser::take() {
  if (!has_data_) {
    fail("there are no questions in this file", "it has no list `data` at the top",
         "give a file in SQuAD's form: data, paragraphs, context, qas");
  }
  return std::move(file_);
}

void QuestionFileParser::fail(const std::string& what, const std::string& why,
                              const std::string& remedy) const {
  const bool in_question =
      std::any_of(open_.begin(), open_.end(), [](const Open& open) { return open.level == Level::question; });
  std::string reason = why;
  if (in_question) {
    const std::string& id = file_.questions.back().id;
    if (!reason.empty()) reason += "; ";
    reason += id.empty() ? fmt::format("in question number {} of the file", file_.questions.size())
                         : fmt::format("in question `{}`", id);
  }
  throw Error({.what = what,
               .where = fmt::format("{}:{}", file_.path.string(), line()),
               .why = reason,
               .remedy = remedy});
}

void QuestionFileParser::fail_type(std::string_view key, std::string_view found,
                                   std::string_view wanted) const {
  const std::string name = key.empty() ? "an entry" : fmt::format("`{}`", key);
  fail(fmt::format("{} is {}, but must be {}", name, found, wanted));
}

}  // namespace cloze
