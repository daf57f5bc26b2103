#include "engine/data/examples/task_presets.h"

#include <optional>
#include <stdexcept>

namespace cloze {
namespace {

using Labels = std::vector<std::string>;

// GLUE's files are tab-separated; all but CoLA's and the test files of some have the names below.
ColumnLayout named(std::string id, std::string text_a, std::string text_b, std::string label) {
  return {.id = std::move(id),
          .text_a = std::move(text_a),
          .text_b = std::move(text_b),
          .label = std::move(label)};
}

struct Preset {
  TaskPreset preset;
  TaskKind kind;
  FileFormat format;
  std::vector<ColumnLayout> layouts;
  Labels labels;
  OfficialRows rows;
  MalformedRows malformed_rows = MalformedRows::stop;
  bool newline_escapes = false;
  std::map<std::string, std::string> label_aliases = {};
};

// The order of the labels is that of their ids: sorted, as Google's and Hugging Face's programs have them.
const std::vector<Preset>& presets() {
  using enum TaskPreset;
  using enum TaskKind;
  const Labels binary = {"0", "1"}, entailment = {"entailment", "not_entailment"};
  const Labels three_way = {"contradiction", "entailment", "neutral"};
  static const std::vector<Preset> all = {
      // The training and validation files, the raw ones and GLUE's, have no header: source, label, the
      // author's mark, sentence. Only GLUE's test file has one.
      {cola,
       classification,
       FileFormat::tsv,
       {{.text_a = "4", .label = "2", .header = HeaderRule::no, .columns = 4},
        named("index", "sentence", "", "")},
       binary,
       {8551, 1043, 1063}},
      {sst2,
       classification,
       FileFormat::tsv,
       {named("index", "sentence", "", "label")},
       binary,
       {67349, 872, 1821}},
      // msr_paraphrase_*.txt and GLUE's train.tsv and dev.tsv have one layout; GLUE's test.tsv has an index
      // where they have the label.
      {mrpc,
       classification,
       FileFormat::tsv,
       {named("index", "#1 String", "#2 String", "Quality")},
       binary,
       {3668, 408, 1725}},
      {stsb,
       regression,
       FileFormat::tsv,
       {named("index", "sentence1", "sentence2", "score")},
       {},
       {5749, 1500, 1379}},
      // GLUE's files have a few rows that are cut off.
      {qqp,
       classification,
       FileFormat::tsv,
       {named("id", "question1", "question2", "is_duplicate")},
       binary,
       {363849, 40430, 390965},
       MalformedRows::skip},
      {mnli,
       classification,
       FileFormat::tsv,
       {named("index", "sentence1", "sentence2", "gold_label")},
       three_way,
       {392702, 9815, 9796}},
      {mnli_mismatched,
       classification,
       FileFormat::tsv,
       {named("index", "sentence1", "sentence2", "gold_label")},
       three_way,
       {392702, 9832, 9847}},
      {qnli,
       classification,
       FileFormat::tsv,
       {named("index", "question", "sentence", "label")},
       entailment,
       {104743, 5463, 5463}},
      {rte,
       classification,
       FileFormat::tsv,
       {named("index", "sentence1", "sentence2", "label")},
       entailment,
       {2490, 277, 3000}},
      {wnli,
       classification,
       FileFormat::tsv,
       {named("index", "sentence1", "sentence2", "label")},
       binary,
       {635, 71, 146}},
      // GLUE's diagnostic set: a test file for models of MNLI.
      {ax,
       classification,
       FileFormat::tsv,
       {named("index", "sentence1", "sentence2", "")},
       three_way,
       {0, 0, 1104}},
      // multinli.train.LANGUAGE.tsv, whose labels read "contradictory", and xnli.dev.tsv, xnli.test.tsv,
      // which
      // hold all languages. The language is Google's: `keep: {language: de}` takes another.
      {.preset = xnli,
       .kind = classification,
       .format = FileFormat::tsv,
       .layouts = {named("", "premise", "hypo", "label"),
                   {.text_a = "sentence1",
                    .text_b = "sentence2",
                    .label = "gold_label",
                    .keep = {{"language", "zh"}}}},
       .labels = three_way,
       .rows = {392702, 2490, 5010},
       .label_aliases = {{"contradictory", "contradiction"}}},
      // Class 1 is negative, 2 positive; line feeds are written as a backslash and an n.
      {.preset = yelp,
       .kind = classification,
       .format = FileFormat::csv,
       .layouts = {{.text_a = "2", .label = "1", .columns = 2}, {.text_a = "1", .columns = 1}},
       .labels = {"1", "2"},
       .rows = {560000, 0, 38000},
       .newline_escapes = true},
      // Four endings; each is read behind the beginning of its own sentence.
      {swag,
       multiple_choice,
       FileFormat::csv,
       {{.text_a = "sent1",
         .text_b = "sent2",
         .label = "label",
         .endings = {"ending0", "ending1", "ending2", "ending3"}}},
       {},
       {73546, 20006, 20005}},
      // CoNLL-2003 and whatever has the word first and the tag last.
      {conll, tagging, FileFormat::conll, {{.text_a = "1", .label = "-1"}}, {}, {14041, 3250, 3453}},
      // What run_classifier.py's CoLA reads: id, label, a letter that says nothing, text; for prediction id
      // and text.
      {google_tsv,
       classification,
       FileFormat::tsv,
       {{.id = "1", .text_a = "4", .label = "2", .columns = 4}, {.id = "1", .text_a = "2", .columns = 2}},
       {},
       {}},
  };
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
