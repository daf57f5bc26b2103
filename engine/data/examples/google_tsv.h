#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/data/examples/example.h"
#include "engine/data/examples/task_description.h"

namespace cloze {

// The files that run_classifier.py reads as CoLA's, which many tutorials use for texts of their own:
//   train.tsv, dev.tsv   id, label, a letter that says nothing, text; no header
//   test.tsv             a header "id", "text", and two such columns
// Tabs and line ends in a cell become spaces, since the form knows no quotes.

std::string google_tsv_line(const Example& example);  // throws logic_error unless it is a text with label
std::string google_test_tsv_header();
std::string google_test_tsv_line(const Example& example);

struct GoogleTsvCall {
  std::filesystem::path from, to;    // a file of the task; the folder to write into
  TaskDescription task;              // classification of single texts
  std::optional<double> validation;  // the part of the rows that goes to dev.tsv
  uint64_t seed = 1;                 // of that choice
  bool for_prediction = false;       // write the two columns of a test file
};

// Writes NAME.tsv for NAME.csv (or NAME.csv.gz, NAME.jsonl, ...), and dev.tsv. Throws UsageError where that
// would overwrite what is read, Error for an example with two texts, and all that read_examples() throws.
void write_google_tsv(const GoogleTsvCall& call);

}  // namespace cloze
