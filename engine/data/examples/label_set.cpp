#include "engine/data/examples/label_set.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/edit_distance.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/examples/quoted_list.h"
#include "engine/data/examples/score_text.h"

namespace cloze {
namespace {

// Sorted by bytes; by value where all are numbers (2 before 10).
std::vector<std::string> sorted(const std::set<std::string>& labels) {
  std::vector<std::string> names(labels.begin(), labels.end());
  const bool numbers =
      std::all_of(names.begin(), names.end(), [](const std::string& name) { return parse_score(name); });
  if (numbers) {
    std::stable_sort(names.begin(), names.end(),
                     [](const auto& a, const auto& b) { return *parse_score(a) < *parse_score(b); });
  }
  return names;
}

std::set<std::string> found_labels(const ExampleSet& set) {
  std::set<std::string> found;
  for (const Example& example : set.examples) {
    if (const auto* pair = std::get_if<TextPair>(&example.content)) {
      if (pair->label) found.insert(*pair->label);
    } else if (const auto* sentence = std::get_if<TaggedWords>(&example.content)) {
      found.insert(sentence->tags.begin(), sentence->tags.end());
    }
  }
  return found;
}

LabelSet numbers_of_endings(const ExampleSet& set) {
  size_t most = 0;
  for (const Example& example : set.examples) {
    most = std::max(most, std::get<MultipleChoice>(example.content).endings.size());
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < most; ++i) names.push_back(std::to_string(i));
  return LabelSet(std::move(names));
}

void warn_of_missing(const std::vector<std::string>& stated, const std::set<std::string>& found,
                     const ExampleSet& set) {
  std::vector<std::string> missing;
  for (const std::string& name : stated) {
    if (found.count(name) == 0) missing.push_back(name);
  }
  if (!missing.empty()) {
    log::warning("{}: no example has the label(s) {}", set.file.string(), quoted_list(missing));
  }
}

}  // namespace

LabelSet::LabelSet(std::vector<std::string> names) : names_(std::move(names)) {
  for (size_t i = 0; i < names_.size(); ++i) {
    if (!ids_.emplace(names_[i], static_cast<int32_t>(i)).second) {
      throw UsageError(
          {.what = fmt::format("the label `{}` is there twice", names_[i]), .why = "every label has one id"});
    }
  }
}

std::optional<int32_t> LabelSet::find(std::string_view name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

int32_t LabelSet::require(std::string_view name, const RecordPlace& place) const {
  if (const auto id = find(name)) return *id;
  const auto close = nearest(name, names_);
  throw Error({.what = fmt::format("`{}` is no label of this task", name),
               .where = to_string(place),
               .why = "the labels are " + quoted_list(names_),
               .remedy = close ? fmt::format("did you mean `{}`?", *close)
                               : "state `task.labels`, or say with `task.header` that this is a header"});
}

LabelSet labels_of(const TaskDescription& task, const ExampleSet& training) {
  if (task.kind == TaskKind::regression) return {};
  if (task.kind == TaskKind::multiple_choice) return numbers_of_endings(training);
  const std::set<std::string> found = found_labels(training);
  if (!task.labels.empty()) {
    warn_of_missing(task.labels, found, training);
    return LabelSet(task.labels);
  }
  if (found.size() < 2) {
    throw Error(
        {.what = fmt::format("all examples have the same label `{}`", found.empty() ? "" : *found.begin()),
         .where = training.file.string(),
         .why = "there is nothing to tell apart",
         .remedy = "check which column `task.columns.label` names"});
  }
  constexpr size_t many = 100;
  if (found.size() > many && found.size() * 2 > training.examples.size()) {
    log::warning("{}: {} different labels in {} examples; is `task.columns.label` the right column?",
                 training.file.string(), found.size(), training.examples.size());
  }
  LabelSet labels(sorted(found));
  log::info("{} labels: {}", labels.size(), quoted_list(labels.names()));
  return labels;
}

}  // namespace cloze
