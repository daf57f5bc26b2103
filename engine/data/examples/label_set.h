#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/examples/example.h"
#include "engine/data/examples/task_description.h"

namespace cloze {

// The labels of a classification or tagging task and their ids: the id2label of a Hugging Face config.json.
class LabelSet {
 public:
  LabelSet() = default;
  // Throws UsageError for a label that is there twice.
  explicit LabelSet(std::vector<std::string> names);

  int32_t size() const { return static_cast<int32_t>(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  const std::string& name(int32_t id) const { return names_.at(static_cast<size_t>(id)); }
  std::optional<int32_t> find(std::string_view name) const;
  // The id of a label that has to be there; throws Error with its place, naming the labels there are.
  int32_t require(std::string_view name, const RecordPlace& place) const;

  friend bool operator==(const LabelSet& a, const LabelSet& b) { return a.names_ == b.names_; }

 private:
  std::vector<std::string> names_;
  std::map<std::string, int32_t, std::less<>> ids_;
};

// The labels of a task: those it states, in its order; else those of the training examples, sorted, by value
// where all of them are numbers. Regression has none, multiple choice the numbers of its endings ("0", "1",
// ...). Warns of stated labels that no example has, and of so many labels that they hardly are labels.
LabelSet labels_of(const TaskDescription& task, const ExampleSet& training);

}  // namespace cloze
