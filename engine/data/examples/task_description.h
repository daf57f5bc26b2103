#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/examples/sequence_options.h"

namespace cloze {

// What a task asks of the model.
enum class TaskKind : uint8_t { classification, regression, tagging, multiple_choice, question_answering };

// Tasks that Cloze knows by name; their descriptions stand in task_presets.cpp.
enum class TaskPreset : uint8_t {
  cola,
  sst2,
  mrpc,
  stsb,
  qqp,
  mnli,
  mnli_mismatched,
  qnli,
  rte,
  wnli,
  ax,
  xnli,
  yelp,
  swag,
  conll,
  google_tsv,
  squad,
  squad2
};

enum class FileFormat : uint8_t { automatic, tsv, csv, jsonl, conll };
enum class HeaderRule : uint8_t { automatic, yes, no };
// What becomes of a row with too few or too many columns or without a label.
enum class MalformedRows : uint8_t { stop, skip };

// Where a file of the task has what. A column is given by its name in the header (or the member's name in
// JSONL), or by its number: 1 is the first, -1 the last; an empty text: there is none.
struct ColumnLayout {
  std::string id;
  std::string text_a;  // classification: the text; tagging: the words; multiple choice: the context
  std::string text_b;  // the second text of a pair; multiple choice: what every ending begins with
  std::string label;   // the class, score, tags, or number of the right ending (from 0)
  std::vector<std::string> endings;         // multiple choice
  std::map<std::string, std::string> keep;  // only rows that have this value in this column
  HeaderRule header = HeaderRule::automatic;
  int columns = 0;  // how many a file of this layout has; 0: any number
};

// A task with everything decided: how its files are read, what its labels are, how its sequences are cut.
struct TaskDescription {
  std::optional<TaskPreset> preset;
  TaskKind kind = TaskKind::classification;
  FileFormat format = FileFormat::automatic;
  std::optional<char> delimiter;      // of CSV; none: `,`, `;` or tab, whichever the first line has most
  bool newline_escapes = false;       // CSV: backslash n is a line feed
  std::vector<ColumnLayout> layouts;  // the first that suits a file is used
  std::vector<std::string> labels;    // in the order of their ids; empty: collected from the training file
  std::map<std::string, std::string> label_aliases;  // how a file writes a label: what it stands for
  MalformedRows malformed_rows = MalformedRows::stop;
  SequenceOptions sequences;
};

}  // namespace cloze
