// How run_classifier.py shows an example.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/data/examples/show_task_example.h"
#include "engine/data/examples/task_options.h"
#include "tests/base/scratch_folder.h"
#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using testing::letter_tokenizer;

std::string shown(const TaskDescription& task, const LabelSet& labels, const Example& example) {
  const ExampleEncoder encoder(letter_tokenizer(), task, labels);
  EncodingCounts counts;
  return show_example(example, encoder.encode(example, {"f", 1}, ExampleUse::training, counts), encoder,
                      "train");
}

TEST(ShowTaskExample, ShowsAnExampleInFull) {
  TaskDescription task = describe_task(TaskPreset::mrpc);
  task.sequences.max_sequence_length = 8;
  EXPECT_EQ(shown(task, LabelSet(task.labels), {"1", 2, TextPair{"a b", "c", "1"}}),
            "*** Example ***\n"
            "guid: train-1\n"
            "tokens: [CLS] a b [SEP] c [SEP]\n"
            "input_ids: 2 4 5 3 6 3 0 0\n"
            "input_mask: 1 1 1 1 1 1 0 0\n"
            "segment_ids: 0 0 0 0 1 1 0 0\n"
            "label: 1 (id = 1)\n");
}

TEST(ShowTaskExample, ShowsOtherTasks) {
  TaskDescription task = describe_task(TaskPreset::stsb);
  task.sequences.max_sequence_length = 5;
  EXPECT_THAT(shown(task, {}, {"0", 1, TextPair{"a", "", "2.5"}}), ::testing::EndsWith("label: 2.5\n"));
  task = describe_task(TaskPreset::conll);
  task.sequences.max_sequence_length = 5;
  EXPECT_EQ(shown(task, LabelSet({"B-X", "O"}), {"3", 1, TaggedWords{{"ax", "b"}, {"B-X", "O"}}}),
            "*** Example ***\nguid: train-3\ntokens: [CLS] a ##x b [SEP]\ninput_ids: 2 4 12 5 3\n"
            "input_mask: 1 1 1 1 1\nsegment_ids: 0 0 0 0 0\nlabel_ids: -1 0 -1 1 -1\n");
}

TEST(ShowTaskExample, LogsTheFirstFive) {
  const ScratchFolder folder;
  ExampleSet set{.file = "train.tsv"};
  for (int i = 0; i < 7; ++i) set.examples.push_back({std::to_string(i), i + 1, TextPair{"a", "", "0"}});
  const TaskDescription task;
  const ExampleEncoder encoder(letter_tokenizer(), task, LabelSet({"0", "1"}));
  const EncodedExamples encoded = encode_examples(set, encoder, ExampleUse::training, 1);
  log::set_file(folder / "log.txt");
  log_examples(set, encoded, encoder, "dev");
  log::set_file({});
  const std::string text = read_file(folder / "log.txt");
  EXPECT_THAT(text, ::testing::HasSubstr("guid: dev-4\n"));
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("guid: dev-5\n")));
}

}  // namespace
}  // namespace cloze
