#include "engine/data/examples/table_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/data/examples/task_options.h"
#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using Row = std::vector<std::string>;

FittedLayout fit(TaskPreset preset, const Row& row, ExampleUse use = ExampleUse::training) {
  return fit_layout(describe_task(preset), use, row, "data.tsv:1");
}

TEST(TableLayout, GlueHeaders) {
  const auto mrpc = fit(TaskPreset::mrpc, {"Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"});
  EXPECT_TRUE(mrpc.header);
  EXPECT_EQ(mrpc.label, 0u);
  EXPECT_EQ(mrpc.text_a, 3u);
  EXPECT_EQ(mrpc.text_b, 4u);
  EXPECT_EQ(mrpc.id, std::nullopt);

  const auto test =
      fit(TaskPreset::mrpc, {"index", "#1 ID", "#2 ID", "#1 String", "#2 String"}, ExampleUse::prediction);
  EXPECT_TRUE(test.header);
  EXPECT_EQ(test.label, std::nullopt);
  EXPECT_EQ(test.id, 0u);

  const Row mnli = {"index",
                    "promptID",
                    "pairID",
                    "genre",
                    "sentence1_binary_parse",
                    "sentence2_binary_parse",
                    "sentence1_parse",
                    "sentence2_parse",
                    "sentence1",
                    "sentence2",
                    "label1",
                    "gold_label"};
  const auto train = fit(TaskPreset::mnli, mnli);
  EXPECT_EQ(train.text_a, 8u);
  EXPECT_EQ(train.text_b, 9u);
  EXPECT_EQ(train.label, 11u);
}

// Headers of GLUE's training and test files: where the texts are, and that only training files have labels.
struct GlueFile {
  TaskPreset preset;
  Row training, test;
  size_t text_a, text_a_of_test;
};

TEST(TableLayout, TrainingAndTestFilesOfGlue) {
  const Row numbered = {"index", "sentence1", "sentence2", "label"},
            numbered_test = {"index", "sentence1", "sentence2"};
  const std::vector<GlueFile> files = {
      {TaskPreset::sst2, {"sentence", "label"}, {"index", "sentence"}, 0, 1},
      {TaskPreset::qqp,
       {"id", "qid1", "qid2", "question1", "question2", "is_duplicate"},
       {"id", "question1", "question2"},
       3,
       1},
      {TaskPreset::stsb,
       {"index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2",
        "score"},
       {"index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2"},
       7,
       7},
      {TaskPreset::qnli, {"index", "question", "sentence", "label"}, {"index", "question", "sentence"}, 1, 1},
      {TaskPreset::rte, numbered, numbered_test, 1, 1},
      {TaskPreset::wnli, numbered, numbered_test, 1, 1}};
  for (const GlueFile& file : files) {
    const FittedLayout training = fit(file.preset, file.training),
                       test = fit(file.preset, file.test, ExampleUse::prediction);
    EXPECT_TRUE(training.header && test.header) << name_of(file.preset);
    EXPECT_EQ(training.text_a, file.text_a) << name_of(file.preset);
    EXPECT_EQ(test.text_a, file.text_a_of_test) << name_of(file.preset);
    EXPECT_EQ(training.label, file.training.size() - 1) << name_of(file.preset);
    EXPECT_EQ(test.label, std::nullopt) << name_of(file.preset);
    EXPECT_EQ(test.id, 0u) << name_of(file.preset);
  }
}

TEST(TableLayout, ColaHasAHeaderInItsTestFileOnly) {
  const auto train = fit(TaskPreset::cola, {"gj04", "1", "", "The sailors rode the breeze."});
  EXPECT_FALSE(train.header);
  EXPECT_EQ(train.label, 1u);
  EXPECT_EQ(train.text_a, 3u);
  const auto test = fit(TaskPreset::cola, {"index", "sentence"}, ExampleUse::prediction);
  EXPECT_TRUE(test.header);
  EXPECT_EQ(test.text_a, 1u);
}

TEST(TableLayout, GoogleTsvDecidesByTheLabel) {
  EXPECT_FALSE(fit(TaskPreset::google_tsv, {"0", "1", "a", "Dr. Goldberg offers everything"}).header);
  EXPECT_TRUE(fit(TaskPreset::google_tsv, {"id", "label", "alpha", "text"}).header);
  EXPECT_TRUE(fit(TaskPreset::google_tsv, {"id", "text"}, ExampleUse::prediction).header);
  EXPECT_TRUE(fit(TaskPreset::google_tsv, {"guid", "text"}, ExampleUse::prediction).header);
  EXPECT_FALSE(
      fit(TaskPreset::google_tsv, {"0", "Contrary to other reviews"}, ExampleUse::prediction).header);
}

TEST(TableLayout, AKnownLabelIsNoHeader) {
  TaskDescription task =
      describe_task(TaskOptions{.columns = {.text_a = "2", .label = "1"}, .labels = {"class", "order"}});
  EXPECT_FALSE(fit_layout(task, ExampleUse::training, Row{"class", "mammals"}, "x:1").header);
  task.labels.clear();
  EXPECT_TRUE(fit_layout(task, ExampleUse::training, Row{"class", "mammals"}, "x:1").header);
}

TEST(TableLayout, TheTaskMayDecide) {
  const Row row = {"label", "text"};
  TaskOptions options{.header = HeaderRule::no, .columns = {.text_a = "2", .label = "1"}};
  EXPECT_FALSE(fit_layout(describe_task(options), ExampleUse::training, row, "x:1").header);
  options.header = HeaderRule::yes;
  EXPECT_TRUE(fit_layout(describe_task(options), ExampleUse::training, Row{"0", "t"}, "x:1").header);
}

TEST(TableLayout, TooFewColumns) {
  EXPECT_THAT(message_of([] {
                fit(TaskPreset::google_tsv, {"0", "1", "a"});
              }),
              AllOf(HasSubstr("data.tsv:1"), HasSubstr("3 column(s)"), HasSubstr("task.columns")));
  EXPECT_THAT(message_of([] {
                fit(TaskPreset::sst2, {"text", "label"});
              }),
              AllOf(HasSubstr("wanted `sentence`"), HasSubstr("`text`, `label`")));
}

TEST(TableLayout, MissingLabels) {
  EXPECT_THAT(message_of([] {
                fit(TaskPreset::sst2, {"index", "sentence"});
              }),
              AllOf(HasSubstr("data.tsv:1"), HasSubstr("no labels"), HasSubstr("`label`")));
  EXPECT_THAT(message_of([] { fit(TaskPreset::google_tsv, {"id", "text"}); }), HasSubstr("for prediction"));
}

}  // namespace
}  // namespace cloze
