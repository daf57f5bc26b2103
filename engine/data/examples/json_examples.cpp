#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/config/quantity.h"
#include "engine/data/examples/jsonl_reader.h"
#include "engine/data/examples/record_examples.h"
#include "engine/data/line_reader.h"

namespace cloze {
namespace {

using nlohmann::json;

// A label, id or tag as text; nothing where it is missing or null, or of another type than these.
std::optional<std::string> scalar_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return number_text(value.get<double>(), false);
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

// A record of a known layout, with the place for messages.
class JsonExamples {
 public:
  JsonExamples(const ExampleInput& input, const ColumnLayout& layout, RecordPolicy& policy)
      : input_(input), layout_(layout), policy_(policy) {}

  bool make(const JsonRecord& record, int64_t number, Example& example) {
    where_ = line_place(input_.name, record.line);
    object_ = &record.object;
    if (!is_kept()) return false;
    const auto id = scalar_at(layout_.id);
    example.line = record.line;
    example.id = id ? *id : std::to_string(number);
    switch (input_.task.kind) {
      case TaskKind::tagging:
        return make_tagged(example);
      case TaskKind::multiple_choice:
        return make_choice(example);
      default:
        return make_pair(example);
    }
  }

 private:
  const json* find(const std::string& name) const {
    const auto found = object_->find(name);
    return name.empty() || found == object_->end() ? nullptr : &*found;
  }

  std::optional<std::string> scalar_at(const std::string& name) const {
    const json* found = find(name);
    return found ? scalar_of(*found) : std::nullopt;
  }

  bool is_kept() const {
    for (const auto& [name, value] : layout_.keep) {
      if (scalar_at(name) != value) return false;
    }
    return true;
  }

  bool fail(const std::string& name, const char* wanted) {
    const json* found = find(name);
    policy_.malformed({.what = fmt::format("this record has no {} `{}`", wanted, name),
                       .where = where_,
                       .why = found ? fmt::format("the member is {}", found->type_name())
                                    : "the object has no such member"});
    return false;
  }

  bool take_text(const std::string& name, std::string& text) {
    const json* found = find(name);
    if (!found || !found->is_string()) return fail(name, "text");
    text = found->get<std::string>();
    return true;
  }

  bool take_texts(const std::string& name, const char* wanted, std::vector<std::string>& texts) {
    const json* found = find(name);
    if (!found || !found->is_array()) return fail(name, wanted);
    for (const json& each : *found) {
      const auto text = scalar_of(each);
      if (!text) return fail(name, wanted);
      texts.push_back(*text);
    }
    return true;
  }

  bool take_label(std::optional<std::string>& label) {
    const auto written = scalar_at(layout_.label);
    if (written) label = meant_label(input_.task, *written);
    return written || input_.use == ExampleUse::prediction || fail(layout_.label, "label");
  }

  bool make_pair(Example& example) {
    TextPair pair;
    if (!take_label(pair.label) || !take_text(layout_.text_a, pair.a)) return false;
    if (!layout_.text_b.empty() && !take_text(layout_.text_b, pair.b)) return false;
    if (is_blank(pair.a) && !policy_.keeps_empty_text(where_)) return false;
    example.content = std::move(pair);
    return true;
  }

  bool make_choice(Example& example) {
    MultipleChoice choice;
    std::string beginning;
    if (!take_label(choice.label) || !take_text(layout_.text_a, choice.context)) return false;
    if (!layout_.text_b.empty() && !take_text(layout_.text_b, beginning)) return false;
    if (is_blank(choice.context) && !policy_.keeps_empty_text(where_)) return false;
    if (layout_.endings.size() == 1) {  // a list of all
      if (!take_texts(layout_.endings.front(), "list of endings", choice.endings)) return false;
    } else {
      for (const std::string& name : layout_.endings) {
        if (!take_text(name, choice.endings.emplace_back())) return false;
      }
    }
    if (!beginning.empty()) {
      for (std::string& ending : choice.endings) ending = beginning + ' ' + ending;
    }
    example.content = std::move(choice);
    return true;
  }

  bool make_tagged(Example& example) {
    TaggedWords sentence;
    if (!take_texts(layout_.text_a, "list of words", sentence.words)) return false;
    if (sentence.words.empty() && !policy_.keeps_empty_text(where_)) return false;
    const bool tagged = find(layout_.label) != nullptr;
    if (tagged || input_.use != ExampleUse::prediction) {
      if (!take_texts(layout_.label, "list of tags", sentence.tags)) return false;
    }
    if (tagged && sentence.tags.size() != sentence.words.size()) {
      policy_.malformed({.what = fmt::format("this record has {} word(s) and {} tag(s)",
                                             sentence.words.size(), sentence.tags.size()),
                         .where = where_,
                         .why = "every word has one tag"});
      return false;
    }
    for (std::string& tag : sentence.tags) tag = meant_label(input_.task, std::move(tag));
    example.content = std::move(sentence);
    return true;
  }

  const ExampleInput& input_;
  const ColumnLayout& layout_;
  RecordPolicy& policy_;
  std::string where_;
  const json* object_ = nullptr;
};

// The first layout whose texts are members of the first record; the first of all where none is, so that the
// message about what is missing names its members.
const ColumnLayout& layout_for(const TaskDescription& task, const json& first) {
  const auto suits = [&](const ColumnLayout& layout) {
    return first.contains(layout.text_a) && (layout.text_b.empty() || first.contains(layout.text_b));
  };
  const auto found = std::find_if(task.layouts.begin(), task.layouts.end(), suits);
  return found == task.layouts.end() ? task.layouts.front() : *found;
}

}  // namespace

std::string read_json_examples(ExampleInput input, RecordPolicy& policy, ExampleSet& set) {
  JsonlReader reader(std::move(input.blocks), input.name);
  JsonRecord record;
  if (!reader.next(record)) return "no records";
  JsonExamples examples(input, layout_for(input.task, record.object), policy);
  int64_t number = 0;
  do {
    Example example;
    if (examples.make(record, number++, example)) set.examples.push_back(std::move(example));
  } while (reader.next(record));
  return "jsonl";
}

}  // namespace cloze
