#include <gtest/gtest.h>

#include <memory>

#include "engine/tasks/task_file.h"

namespace cloze {
namespace {

std::unique_ptr<TaskFile> file_of(TaskKind kind, std::vector<Example> examples) {
  const auto vocabulary = std::make_shared<const Vocabulary>(
      std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"}, "pieces");
  TaskReading reading{.task = {.kind = kind},
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

}  // namespace
}  // namespace cloze
