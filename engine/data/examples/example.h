#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/data/examples/encoded_sequence.h"

namespace cloze {

// A text, or a pair of texts where `b` is not empty, with its class or score as the file writes it.
struct TextPair {
  std::string a, b;
  std::optional<std::string> label;
  friend bool operator==(const TextPair&, const TextPair&) = default;
};

// A sentence of words and, for training and evaluation, as many tags.
struct TaggedWords {
  std::vector<std::string> words, tags;
  friend bool operator==(const TaggedWords&, const TaggedWords&) = default;
};

// A context and the endings to choose from; `label` is the number of the right one, from "0".
struct MultipleChoice {
  std::string context;
  std::vector<std::string> endings;
  std::optional<std::string> label;
  friend bool operator==(const MultipleChoice&, const MultipleChoice&) = default;
};

struct Example {
  std::string id;    // from the file's id column, else the number of the record, from 0, a header counted
  int64_t line = 0;  // on which it begins, from 1
  std::variant<TextPair, TaggedWords, MultipleChoice> content;
  friend bool operator==(const Example&, const Example&) = default;
};

// What a file is read for: training and evaluation need a label in every row.
enum class ExampleUse : uint8_t { training, evaluation, prediction };

// The examples of one file in its order.
struct ExampleSet {
  std::filesystem::path file;
  std::vector<Example> examples;
  int64_t skipped = 0;  // malformed rows left out

  RecordPlace place(const Example& example) const { return {file, example.line}; }
};

}  // namespace cloze
