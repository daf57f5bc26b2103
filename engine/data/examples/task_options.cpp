#include "engine/data/examples/task_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "engine/base/edit_distance.h"
#include "engine/base/error.h"
#include "engine/config/fields.h"
#include "engine/data/examples/column_reference.h"
#include "engine/data/examples/task_presets.h"

namespace cloze {
namespace {

const Choices<TaskPreset>& preset_choices() {
  static const auto all =
      choices<TaskPreset>({{"cola", TaskPreset::cola, "is a sentence good English (GLUE)"},
                           {"sst-2", TaskPreset::sst2, "sentiment of film reviews (GLUE)"},
                           {"mrpc", TaskPreset::mrpc, "paraphrases in the news (GLUE)"},
                           {"sts-b", TaskPreset::stsb, "similarity of sentences, 0 to 5 (GLUE)"},
                           {"qqp", TaskPreset::qqp, "duplicate questions of Quora (GLUE)"},
                           {"mnli", TaskPreset::mnli, "entailment, matched genres (GLUE)"},
                           {"mnli-mm", TaskPreset::mnli_mismatched, "entailment, other genres (GLUE)"},
                           {"qnli", TaskPreset::qnli, "does a sentence answer a question (GLUE)"},
                           {"rte", TaskPreset::rte, "entailment, few examples (GLUE)"},
                           {"wnli", TaskPreset::wnli, "what a pronoun stands for (GLUE)"},
                           {"ax", TaskPreset::ax, "GLUE's diagnostic set, for models of MNLI"},
                           {"xnli", TaskPreset::xnli,
                            "entailment in 15 languages; Chinese where `keep` says "
                            "nothing"},
                           {"yelp", TaskPreset::yelp, "yelp_review_polarity_csv"},
                           {"swag", TaskPreset::swag, "the likely continuation of four"},
                           {"conll", TaskPreset::conll, "named entities, CoNLL-2003"},
                           {"google-tsv", TaskPreset::google_tsv,
                            "id, label, a letter, text; or id, text: the files of many tutorials"},
                           {"squad", TaskPreset::squad, "questions about passages, each answered there"},
                           {"squad2", TaskPreset::squad2,
                            "the same with questions that have no answer (version_2_with_negative)"}});
  return all;
}

const Choices<TaskKind>& kind_choices() {
  static const auto all = choices<TaskKind>(
      {{"classification", TaskKind::classification, "one of several labels for a text or a pair of texts"},
       {"regression", TaskKind::regression, "a number for a text or a pair of texts"},
       {"tagging", TaskKind::tagging, "a label for every word"},
       {"multiple_choice", TaskKind::multiple_choice, "one of several endings"},
       {"question_answering", TaskKind::question_answering, "a span of a passage that answers a question"}});
  return all;
}

const Choices<FileFormat>& format_choices() {
  static const auto all = choices<FileFormat>(
      {{"auto", FileFormat::automatic, "by the file's name and first line"},
       {"tsv", FileFormat::tsv, "cells between tabs; quotes mean nothing"},
       {"csv", FileFormat::csv, "quoted cells (RFC 4180)"},
       {"jsonl", FileFormat::jsonl, "a JSON object a line"},
       {"conll", FileFormat::conll, "a word and its tag a line, blank line between sentences"}});
  return all;
}

const Choices<HeaderRule>& header_choices() {
  static const auto all =
      choices<HeaderRule>({{"auto", HeaderRule::automatic, "by a rule; the log says which"},
                           {"yes", HeaderRule::yes, "the first row names the columns"},
                           {"no", HeaderRule::no, "the first row is an example"}});
  return all;
}

const Choices<MalformedRows>& malformed_choices() {
  static const auto all =
      choices<MalformedRows>({{"stop", MalformedRows::stop, "end with the row's place"},
                              {"skip", MalformedRows::skip, "leave them out and say how many there were"}});
  return all;
}

const Choices<Truncation>& truncation_choices() {
  static const auto all = choices<Truncation>(
      {{"head", Truncation::head, "the first tokens stay, as in Google's run_classifier"},
       {"tail", Truncation::tail, "the last tokens stay"},
       {"head_tail", Truncation::head_tail, "the first `head_proportion` and the last ones stay"}});
  return all;
}

// What a task without a preset is, as far as the options leave it open.
ColumnLayout usual_layout(TaskKind kind) {
  switch (kind) {
    case TaskKind::tagging:
      return {.text_a = "words", .label = "tags"};
    case TaskKind::multiple_choice:
      return {.text_a = "context", .label = "label", .endings = {"endings"}};
    case TaskKind::regression:
      return {.text_a = "text", .label = "score"};
    default:
      return {.text_a = "text", .label = "label"};
  }
}

bool states_any(const ColumnOptions& columns) {
  return columns.id || columns.text_a || columns.text_b || columns.label || !columns.endings.empty();
}

bool is_name(const std::string& column) {
  return !column.empty() && !column_number(column);
}

// One layout from the options. Columns they do not state are those of the preset's first layout; but where
// columns are stated by number, a name that was not stated is left out, since it would ask for a header.
void replace_layouts(TaskDescription& task, const ColumnOptions& columns) {
  ColumnLayout layout = task.layouts.front();
  layout.header = HeaderRule::automatic;
  layout.columns = 0;
  bool by_number = false;
  for (const auto* stated : {&columns.id, &columns.text_a, &columns.text_b, &columns.label}) {
    by_number |= *stated && column_number(**stated);
  }
  const auto replace = [&](std::string& column, const std::optional<std::string>& stated) {
    if (stated) {
      column = *stated;
    } else if (by_number && is_name(column)) {
      column.clear();
    }
  };
  replace(layout.id, columns.id);
  replace(layout.text_a, columns.text_a);
  replace(layout.text_b, columns.text_b);
  replace(layout.label, columns.label);
  if (!columns.endings.empty()) layout.endings = columns.endings;
  task.layouts = {std::move(layout)};
}

// A column that a preset keeps rows by gets another value; any other column holds for all layouts.
void replace_kept(TaskDescription& task, const std::string& column, const std::string& value) {
  bool known = false;
  for (const ColumnLayout& layout : task.layouts) known |= layout.keep.count(column) > 0;
  for (ColumnLayout& layout : task.layouts) {
    if (!known || layout.keep.count(column) > 0) layout.keep.insert_or_assign(column, value);
  }
}

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw UsageError({.what = what, .where = "task", .why = why});
}

char delimiter_of(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text == "\"" || text == "\n" || text == "\r") {
    refuse(fmt::format("`delimiter` is \"{}\"", text), "it is one character, or `tab`");
  }
  return text.front();
}

bool has_names(const ColumnLayout& layout) {
  return is_name(layout.id) || is_name(layout.text_a) || is_name(layout.text_b) || is_name(layout.label) ||
         std::any_of(layout.endings.begin(), layout.endings.end(), is_name);
}

void check(const TaskDescription& task) {
  for (const ColumnLayout& layout : task.layouts) {
    if (layout.text_a.empty()) refuse("`columns.text_a` is not stated", "every example has a text");
    if (layout.header == HeaderRule::no && has_names(layout) && task.format != FileFormat::jsonl) {
      refuse("`header` is no, but columns are given by name",
             "names are found in the header; without one, columns are given by number (1 is the first)");
    }
  }
  if (task.kind == TaskKind::regression && !task.labels.empty()) {
    refuse("`labels` are given for regression", "its labels are numbers of any value");
  }
  if (task.kind != TaskKind::tagging && task.format == FileFormat::conll) {
    refuse("`format` is conll", "only tagging has a label for every word");
  }
  if (task.labels.size() == 1) refuse("there is one label only", "a choice needs two");
}

}  // namespace

void describe(Fields& fields, SequenceOptions& options) {
  fields.option("max_sequence_length", options.max_sequence_length, between(5, 32768) & fixed_on_resume(),
                "Tokens of a sequence, with [CLS] and [SEP]; longer ones are cut");
  fields.option("truncation", options.truncation, truncation_choices(),
                "What stays of a text that is too long");
  fields.option("head_proportion", options.head_proportion, fraction(),
                "With `head_tail`: how much of what stays is from the beginning");
}

void describe(Fields& fields, ColumnOptions& options) {
  fields.option("id", options.id, "What an example is called; without it, the number of its row");
  fields.option("text_a", options.text_a, "The text; of tagging the words, of multiple choice the context");
  fields.option("text_b", options.text_b,
                "The second text of a pair; of multiple choice what every ending begins with");
  fields.option("label", options.label, "The class, score, tags, or number of the right ending (from 0)");
  fields.option("endings", options.endings, "Of multiple choice: the columns of the endings");
}

void describe(Fields& fields, TaskOptions& options) {
  fields.option("preset", options.preset, preset_choices(), "A known task; the keys below change it");
  fields.option("kind", options.kind, kind_choices(), "What is asked of the model");
  fields.option("format", options.format, format_choices(), "Of the files");
  fields.option("header", options.header, header_choices(),
                "Whether the first row of a table names its columns");
  fields.option("delimiter", options.delimiter,
                "Of CSV: one character, or `tab`; none: found in the first line");
  fields.option("newline_escapes", options.newline_escapes,
                "Of CSV: a backslash and an n stand for a line feed, as in Yelp's files");
  fields.section("columns", options.columns,
                 "Where what is: a name in the header, or a number (1 is the first column, -1 the last)");
  fields.option("keep", options.keep, "Only rows with this value in this column, such as `language: de`");
  fields.option("labels", options.labels,
                "In the order of their ids; none: collected from the training file");
  fields.option("label_aliases", options.label_aliases, "Other spellings of labels in the files");
  fields.option("malformed_rows", options.malformed_rows, malformed_choices(),
                "What to do with rows of too few or too many columns");
  describe(fields, options.sequences);
}

TaskDescription describe_task(const TaskOptions& options) {
  TaskDescription task;
  if (options.preset) task = preset_description(*options.preset);
  if (options.kind) task.kind = *options.kind;
  if (task.layouts.empty()) task.layouts = {usual_layout(task.kind)};
  if (options.format) task.format = *options.format;
  if (options.delimiter) task.delimiter = delimiter_of(*options.delimiter);
  if (options.newline_escapes) task.newline_escapes = *options.newline_escapes;
  if (states_any(options.columns)) replace_layouts(task, options.columns);
  if (options.header) {
    for (ColumnLayout& layout : task.layouts) layout.header = *options.header;
  }
  for (const auto& [column, value] : options.keep) replace_kept(task, column, value);
  if (!options.labels.empty()) task.labels = options.labels;
  for (const auto& [written, meant] : options.label_aliases)
    task.label_aliases.insert_or_assign(written, meant);
  if (options.malformed_rows) task.malformed_rows = *options.malformed_rows;
  task.sequences = options.sequences;
  check(task);
  return task;
}

TaskDescription describe_task(TaskPreset preset) {
  return describe_task(TaskOptions{.preset = preset});
}

std::vector<std::string> task_preset_names() {
  std::vector<std::string> names;
  for (const auto& choice : preset_choices().names) names.push_back(choice.name);
  return names;
}

TaskPreset task_preset(const std::string& name) {
  const std::vector<std::string> names = task_preset_names();
  for (const auto& choice : preset_choices().names) {
    if (choice.name == name) return choice.value;
  }
  const auto close = nearest(name, names);
  std::string known;
  for (const std::string& each : names) known += (known.empty() ? "" : ", ") + each;
  throw UsageError({.what = fmt::format("there is no task `{}`", name),
                    .why = "known are " + known,
                    .remedy = close ? fmt::format("did you mean `{}`?", *close) : ""});
}

const std::string& name_of(TaskPreset preset) {
  return preset_choices().name_of(preset);
}

const std::string& name_of(TaskKind kind) {
  return kind_choices().name_of(kind);
}

}  // namespace cloze
