#include "engine/data/examples/task_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "engine/config/config.h"
#include "engine/data/examples/task_presets.h"
#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;

TaskDescription task_of(const std::string& yaml) {
  return describe_task(config::read_text<TaskOptions>(yaml, "task.yaml"));
}

TEST(TaskOptions, AreDescribedWithoutFault) {
  EXPECT_THAT(config::faults<TaskOptions>(), ::testing::IsEmpty());
}

TEST(TaskOptions, SurviveBeingWrittenOut) {
  const auto options = config::read_text<TaskOptions>(
      "preset: xnli\nkeep: {language: de}\ncolumns: {id: pairID}\nlabels: [a, b]\ndelimiter: tab\n"
      "truncation: head_tail\nhead_proportion: 30%\n",
      "task.yaml");
  const std::string written = config::dump(options);
  EXPECT_EQ(config::dump(config::read_text<TaskOptions>(written, "written.yaml")), written);
}

struct Configuration {
  TaskOptions task;
};
void describe(Fields& fields, Configuration& configuration) {
  fields.section("task", configuration.task, "The task");
}

// The example of docs/task-files.md.
TEST(TaskOptions, TheDocumentedExampleIsRead) {
  const std::string page = read_file(CLOZE_SOURCE_DIR "/docs/task-files.md"), begin = "```yaml\n";
  const size_t from = page.find(begin) + begin.size();
  const std::string yaml = page.substr(from, page.find("```", from) - from);
  const TaskDescription task = describe_task(config::read_text<Configuration>(yaml, "task-files.md").task);
  EXPECT_EQ(task.layouts.front().text_b, "body");
  EXPECT_EQ(task.layouts.front().keep.at("language"), "de");
  EXPECT_THAT(task.labels, ElementsAre("sports", "world"));
}

TEST(TaskOptions, EveryPresetIsDescribed) {
  for (const std::string& name : task_preset_names()) {
    const TaskPreset preset = task_preset(name);
    EXPECT_EQ(name_of(preset), name);
    const TaskDescription task = describe_task(preset);
    EXPECT_EQ(task.preset, preset);
    EXPECT_FALSE(task.layouts.empty()) << name;
    EXPECT_NE(task.format, FileFormat::automatic) << name;
  }
  EXPECT_EQ(task_preset_names().size(), 18u);
}

TEST(TaskOptions, AnUnknownPreset) {
  EXPECT_THAT(message_of([] { task_preset("sst2"); }),
              AllOf(HasSubstr("`sst2`"), HasSubstr("did you mean `sst-2`")));
}

TEST(TaskOptions, LabelsOfGlueAreInGooglesOrder) {
  EXPECT_THAT(describe_task(TaskPreset::mnli).labels, ElementsAre("contradiction", "entailment", "neutral"));
  EXPECT_THAT(describe_task(TaskPreset::mrpc).labels, ElementsAre("0", "1"));
  EXPECT_THAT(describe_task(TaskPreset::rte).labels, ElementsAre("entailment", "not_entailment"));
}

TEST(TaskOptions, OptionsStandAboveThePreset) {
  const TaskDescription task = task_of(
      "preset: yelp\nlabels: [bad, good]\nlabel_aliases: {'1': bad, '2': good}\n"
      "columns: {text_a: review, label: stars}\nmax_sequence_length: 256\n");
  EXPECT_EQ(task.format, FileFormat::csv);
  EXPECT_TRUE(task.newline_escapes);
  EXPECT_THAT(task.labels, ElementsAre("bad", "good"));
  ASSERT_EQ(task.layouts.size(), 1u);
  EXPECT_EQ(task.layouts[0].text_a, "review");
  EXPECT_EQ(task.layouts[0].columns, 0);
  EXPECT_EQ(task.sequences.max_sequence_length, 256);
}

// SST-2's id and label have names in the preset, which would ask for a header.
TEST(TaskOptions, NumbersLeaveNamesOut) {
  const TaskDescription task = task_of("preset: sst-2\ncolumns: {text_a: '1', label: '2'}\nheader: no");
  EXPECT_EQ(task.layouts[0].id, "");
  EXPECT_EQ(task.layouts[0].label, "2");
  EXPECT_EQ(task_of("columns: {text_a: 1}").layouts[0].label, "");
  EXPECT_EQ(task_of("columns: {text_a: review}").layouts[0].label, "label");
  EXPECT_THAT(message_of([] { task_of("columns: {label: 1}"); }),
              HasSubstr("`columns.text_a` is not stated"));
}

TEST(TaskOptions, KeepReplacesThePresetsLanguage) {
  const TaskDescription task = task_of("preset: xnli\nkeep: {language: de}");
  EXPECT_TRUE(task.layouts[0].keep.empty());
  EXPECT_EQ(task.layouts[1].keep.at("language"), "de");
  const TaskDescription more = task_of("preset: xnli\nkeep: {genre: fiction}");
  EXPECT_EQ(more.layouts[0].keep.at("genre"), "fiction");
  EXPECT_EQ(more.layouts[1].keep.at("language"), "zh");
}

TEST(TaskOptions, AGenericTask) {
  const TaskDescription task =
      task_of("columns: {text_a: title, text_b: body, label: topic}\ndelimiter: ';'");
  EXPECT_EQ(task.kind, TaskKind::classification);
  EXPECT_EQ(task.format, FileFormat::automatic);
  EXPECT_EQ(task.delimiter, ';');
  EXPECT_EQ(task.layouts[0].text_b, "body");
}

TEST(TaskOptions, Contradictions) {
  EXPECT_THAT(message_of([] { task_of("header: no\ncolumns: {text_a: text}"); }),
              HasSubstr("given by number"));
  EXPECT_THAT(message_of([] { task_of("kind: regression\nlabels: ['0', '1']"); }), HasSubstr("regression"));
  EXPECT_THAT(message_of([] { task_of("format: conll"); }), HasSubstr("only tagging"));
  EXPECT_THAT(message_of([] { task_of("delimiter: '::'"); }), HasSubstr("one character"));
  EXPECT_THAT(message_of([] { task_of("labels: [yes]"); }), HasSubstr("needs two"));
  EXPECT_THAT(message_of([] { task_of("preset: sst2"); }), HasSubstr("sst-2"));
}

}  // namespace
}  // namespace cloze
