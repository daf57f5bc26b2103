#include "engine/data/examples/task_presets.h"

#include <optional>
#include <stdexcept>
#include <utility>

namespace cloze {
namespace {

using Labels = std::vector<std::string>;

struct Preset {
  TaskPreset preset;
  TaskKind kind = TaskKind::classification;
  FileFormat format = FileFormat::tsv;
  std::vector<ColumnLayout> layouts;
  Labels labels = {};
  OfficialRows rows = {};
  MalformedRows malformed_rows = MalformedRows::stop;
  bool newline_escapes = false;
  std::map<std::string, std::string> label_aliases = {};
};

// The columns of a table with a header.
ColumnLayout named(std::string id, std::string text_a, std::string text_b, std::string label) {
  return {.id = std::move(id),
          .text_a = std::move(text_a),
          .text_b = std::move(text_b),
          .label = std::move(label)};
}

// A task of GLUE whose files all have headers; test files have no label.
Preset glue(TaskPreset preset, const Labels& labels, ColumnLayout layout, OfficialRows rows) {
  return {.preset = preset, .layouts = {std::move(layout)}, .labels = labels, .rows = rows};
}

// The raw training and validation files and GLUE's have no header: source, label, the author's mark,
// sentence. Only GLUE's test file has one.
Preset cola(const Labels& labels) {
  return {.preset = TaskPreset::cola,
          .layouts = {{.text_a = "4", .label = "2", .header = HeaderRule::no, .columns = 4},
                      named("index", "sentence", "", "")},
          .labels = labels,
          .rows = {8551, 1043, 1063}};
}

// Some rows of GLUE's files are cut off.
Preset qqp(const Labels& labels) {
  Preset preset = glue(TaskPreset::qqp, labels, named("id", "question1", "question2", "is_duplicate"),
                       {363849, 40430, 390965});
  preset.malformed_rows = MalformedRows::skip;
  return preset;
}

Preset stsb() {
  Preset preset =
      glue(TaskPreset::stsb, {}, named("index", "sentence1", "sentence2", "score"), {5749, 1500, 1379});
  preset.kind = TaskKind::regression;
  return preset;
}

// multinli.train.LANGUAGE.tsv, in which a label reads "contradictory"; xnli.dev.tsv and xnli.test.tsv, which
// hold all languages. The language is that of Google's program; `keep: {language: de}` takes another.
Preset xnli(const Labels& labels) {
  ColumnLayout all_languages = named("", "sentence1", "sentence2", "gold_label");
  all_languages.keep = {{"language", "zh"}};
  return {.preset = TaskPreset::xnli,
          .layouts = {named("", "premise", "hypo", "label"), std::move(all_languages)},
          .labels = labels,
          .rows = {392702, 2490, 5010},
          .label_aliases = {{"contradictory", "contradiction"}}};
}

// Class 1 is negative, 2 positive; line feeds are written as a backslash and an n.
Preset yelp() {
  return {.preset = TaskPreset::yelp,
          .format = FileFormat::csv,
          .layouts = {{.text_a = "2", .label = "1", .columns = 2}, {.text_a = "1", .columns = 1}},
          .labels = {"1", "2"},
          .rows = {560000, 0, 38000},
          .newline_escapes = true};
}

// Four endings, each read behind the beginning of their sentence.
Preset swag() {
  ColumnLayout layout = named("", "sent1", "sent2", "label");
  layout.endings = {"ending0", "ending1", "ending2", "ending3"};
  return {.preset = TaskPreset::swag,
          .kind = TaskKind::multiple_choice,
          .format = FileFormat::csv,
          .layouts = {std::move(layout)},
          .rows = {73546, 20006, 20005}};
}

// CoNLL-2003 and whatever has the word first and the tag last.
Preset conll() {
  return {.preset = TaskPreset::conll,
          .kind = TaskKind::tagging,
          .format = FileFormat::conll,
          .layouts = {{.text_a = "1", .label = "-1"}},
          .rows = {14041, 3250, 3453}};
}

// What run_classifier.py's CoLA reads: id, label, a letter that says nothing, text; to predict, id and text.
Preset google_tsv() {
  return {.preset = TaskPreset::google_tsv,
          .layouts = {{.id = "1", .text_a = "4", .label = "2", .columns = 4},
                      {.id = "1", .text_a = "2", .columns = 2}}};
}

// Their files say what is what; the numbers of questions.
Preset questions(TaskPreset preset, OfficialRows rows) {
  return {.preset = preset,
          .kind = TaskKind::question_answering,
          .layouts = {named("id", "question", "context", "answers")},
          .rows = rows};
}

// The order of the labels is that of their ids: sorted, as Google's and Hugging Face's programs have them.
// MRPC: msr_paraphrase_*.txt and GLUE's train.tsv and dev.tsv are of one layout; GLUE's test.tsv has an index
// where they have the label. AX is GLUE's diagnostic set, a test file for models of MNLI.
const std::vector<Preset>& presets() {
  const Labels binary = {"0", "1"}, entailment = {"entailment", "not_entailment"};
  const Labels three_way = {"contradiction", "entailment", "neutral"};
  const ColumnLayout sentences = named("index", "sentence1", "sentence2", "label");
  const ColumnLayout gold = named("index", "sentence1", "sentence2", "gold_label");
  static const std::vector<Preset> all = {
      cola(binary),
      glue(TaskPreset::sst2, binary, named("index", "sentence", "", "label"), {67349, 872, 1821}),
      glue(TaskPreset::mrpc, binary, named("index", "#1 String", "#2 String", "Quality"), {3668, 408, 1725}),
      stsb(),
      qqp(binary),
      glue(TaskPreset::mnli, three_way, gold, {392702, 9815, 9796}),
      glue(TaskPreset::mnli_mismatched, three_way, gold, {392702, 9832, 9847}),
      glue(TaskPreset::qnli, entailment, named("index", "question", "sentence", "label"),
           {104743, 5463, 5463}),
      glue(TaskPreset::rte, entailment, sentences, {2490, 277, 3000}),
      glue(TaskPreset::wnli, binary, sentences, {635, 71, 146}),
      glue(TaskPreset::ax, three_way, named("index", "sentence1", "sentence2", ""), {0, 0, 1104}),
      xnli(three_way),
      yelp(),
      swag(),
      conll(),
      google_tsv(),
      questions(TaskPreset::squad, {87599, 10570, 0}),
      questions(TaskPreset::squad2, {130319, 11873, 0})};
  return all;
}

const Preset& find(TaskPreset wanted) {
  for (const Preset& preset : presets()) {
    if (preset.preset == wanted) return preset;
  }
  throw std::logic_error("a task preset has no description");
}

}  // namespace

TaskDescription preset_description(TaskPreset wanted) {
  const Preset& preset = find(wanted);
  return {.preset = wanted,
          .kind = preset.kind,
          .format = preset.format,
          .delimiter = preset.format == FileFormat::csv ? std::optional(',') : std::nullopt,
          .newline_escapes = preset.newline_escapes,
          .layouts = preset.layouts,
          .labels = preset.labels,
          .label_aliases = preset.label_aliases,
          .malformed_rows = preset.malformed_rows};
}

OfficialRows official_rows(TaskPreset preset) {
  return find(preset).rows;
}

}  // namespace cloze
