#include "engine/data/examples/google_tsv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "engine/data/examples/task_options.h"
#include "tests/base/scratch_folder.h"
#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

class GoogleTsv : public ::testing::Test {
 protected:
  GoogleTsvCall call_for(const std::string& name, const std::string& text,
                         TaskPreset preset = TaskPreset::yelp) const {
    write_file(folder_ / name, text);
    return {.from = folder_ / name, .to = folder_ / "out", .task = describe_task(preset)};
  }
  std::string written(const std::string& name) const { return read_file(folder_ / "out" / name); }
  const ScratchFolder folder_;
};

TEST_F(GoogleTsv, TheTutorialsForm) {
  GoogleTsvCall call =
      call_for("my.train.csv", "\"1\",\"Cold.\\nAnd\tlate,\r\nsaid \"\"Bo\"\"\"\n\"2\",\"Good\"\n");
  call.task.label_aliases = {{"1", "0"}, {"2", "1"}};
  write_google_tsv(call);
  EXPECT_EQ(written("my.train.tsv"), "0\t0\ta\tCold. And late,  said \"Bo\"\n1\t1\ta\tGood\n");
}

TEST_F(GoogleTsv, WhatIsWrittenIsReadBack) {
  GoogleTsvCall call = call_for("train.csv", "\"1\",\"\"\"Cold\"\" food\"\n\"2\",\"Good\"\n");
  write_google_tsv(call);
  const auto before = read_examples(call.from, call.task, ExampleUse::training);
  const auto after =
      read_examples(folder_ / "out/train.tsv", describe_task(TaskPreset::google_tsv), ExampleUse::training);
  EXPECT_EQ(before.examples, after.examples);
  call.for_prediction = true;
  write_google_tsv(call);
  EXPECT_EQ(written("train.tsv"), "id\ttext\n0\t\"Cold\" food\n1\tGood\n");
}

TEST_F(GoogleTsv, ValidationRowsGoToDev) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "\"1\",\"text\"\n";
  GoogleTsvCall call = call_for("train.csv", text);
  call.validation = 0.2;
  write_google_tsv(call);
  const std::string train = written("train.tsv"), dev = written("dev.tsv");
  EXPECT_EQ(std::count(train.begin(), train.end(), '\n'), 16);
  EXPECT_EQ(std::count(dev.begin(), dev.end(), '\n'), 4);
}

TEST_F(GoogleTsv, Refusals) {
  GoogleTsvCall pairs =
      call_for("pairs.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n", TaskPreset::rte);
  EXPECT_THAT(message_of([&] { write_google_tsv(pairs); }),
              AllOf(HasSubstr("two texts"), HasSubstr("pairs.tsv:2")));
  GoogleTsvCall over = call_for("train.tsv", "0\t1\ta\tx\n", TaskPreset::google_tsv);
  over.to = folder_.path();
  EXPECT_THAT(message_of([&] { write_google_tsv(over); }), HasSubstr("overwrite"));
  GoogleTsvCall scores = call_for("s.tsv", "", TaskPreset::stsb);
  EXPECT_THAT(message_of([&] { write_google_tsv(scores); }), HasSubstr("only classification"));
  GoogleTsvCall twice = call_for("dev.csv", "\"1\",\"text\"\n");
  twice.validation = 0.5;
  EXPECT_THAT(message_of([&] { write_google_tsv(twice); }), HasSubstr("dev.tsv"));
}

}  // namespace
}  // namespace cloze
