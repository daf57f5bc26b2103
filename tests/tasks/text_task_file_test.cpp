#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "engine/base/file.h"
#include "engine/tasks/task_file.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

std::unique_ptr<TaskFile> file_of(TaskKind kind, std::vector<Example> examples,
                                  std::optional<TaskPreset> preset = {}) {
  const auto vocabulary = std::make_shared<const Vocabulary>(
      std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"}, "pieces");
  TaskReading reading{.task = {.preset = preset, .kind = kind},
                      .tokenizer = std::make_shared<const Tokenizer>(vocabulary, TokenizerOptions{})};
  if (kind != TaskKind::regression) reading.labels = LabelSet({"0", "1"});
  ExampleSet set{.file = "made up"};
  set.examples = std::move(examples);
  return encode_text_file(reading, std::move(set), ExampleUse::prediction);
}

std::vector<std::string> texts_of(const TaskFile& file) {
  std::vector<std::string> texts;
  file.for_each_text([&](const std::string& text) { texts.push_back(text); });
  return texts;
}

TEST(TextTaskFile, GivesTheTextOfEveryExampleWithoutItsLabel) {
  const auto pairs = file_of(TaskKind::regression, {Example{.content = TextPair{"one", "two", "0.5"}},
                                                    Example{.content = TextPair{"alone", "", "1"}}});
  EXPECT_EQ(texts_of(*pairs), (std::vector<std::string>{"one\ntwo", "alone"}));
  const auto choices =
      file_of(TaskKind::multiple_choice, {Example{.content = MultipleChoice{"so", {"this", "that"}, "1"}}});
  EXPECT_EQ(texts_of(*choices), (std::vector<std::string>{"so\nthis\nthat"}));
  const auto words =
      file_of(TaskKind::tagging, {Example{.content = TaggedWords{{"New", "York"}, {"0", "1"}}}});
  EXPECT_EQ(texts_of(*words), (std::vector<std::string>{"New York"}));
}

TEST(TextTaskFile, WritesWhatGluesSiteTakesForItsTasksOnly) {
  const std::vector<Example> examples = {Example{.id = "17", .content = TextPair{"a", "", {}}},
                                         Example{.id = "18", .content = TextPair{"a a", "", {}}}};
  const TaskOutputs outputs{.outputs = 2, .logits = {0.5f, -1, 0, 2}, .first_rows = {0, 1, 2}};
  const ScratchFolder folder;
  const auto plain = file_of(TaskKind::classification, examples)->write_predictions(outputs, folder.path());
  EXPECT_THAT(plain, testing::ElementsAre("predictions.jsonl", "predictions.tsv", "test_results.tsv"));
  const auto glue = file_of(TaskKind::classification, examples, TaskPreset::cola)
                        ->write_predictions(outputs, folder.path());
  EXPECT_THAT(glue, testing::Contains("CoLA.tsv"));
  EXPECT_EQ(read_file(folder / "CoLA.tsv"), "index\tprediction\n0\t0\n1\t1\n");

  const TaskOutputs scores{.outputs = 1, .logits = {2.71828f, 5.5f}, .first_rows = {0, 1, 2}};
  file_of(TaskKind::regression, examples, TaskPreset::stsb)->write_predictions(scores, folder.path());
  EXPECT_EQ(read_file(folder / "STS-B.tsv"), "index\tprediction\n0\t2.718\n1\t5.000\n");
}

}  // namespace
}  // namespace cloze
