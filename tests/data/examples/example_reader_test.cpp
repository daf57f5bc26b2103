#include "engine/data/examples/example_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "engine/data/examples/task_options.h"
#include "tests/base/scratch_folder.h"
#include "tests/data/examples/test_examples.h"
#include "tests/data/input_files.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::examples_of;
using ::testing::HasSubstr;
using testing::message_of;

const TextPair& pair_of(const ExampleSet& set, size_t at) {
  return std::get<TextPair>(set.examples.at(at).content);
}

TaskDescription generic(ColumnOptions columns = {}) {
  return describe_task(TaskOptions{.columns = std::move(columns)});
}

TEST(ExampleReader, GoogleTsv) {
  const auto set =
      examples_of("5\t1\ta\tGreat \"food\"\n6\t0\ta\tCold.\n", describe_task(TaskPreset::google_tsv));
  ASSERT_EQ(set.examples.size(), 2u);
  EXPECT_EQ(set.examples[0].id, "5");
  EXPECT_EQ(set.examples[1].line, 2);
  EXPECT_EQ(pair_of(set, 0), (TextPair{"Great \"food\"", "", "1"}));
  const auto test =
      examples_of("id\ttext\n0\tGreat\n", describe_task(TaskPreset::google_tsv), ExampleUse::prediction);
  ASSERT_EQ(test.examples.size(), 1u);
  EXPECT_EQ(pair_of(test, 0), (TextPair{"Great", "", std::nullopt}));
}

// Where there is no id column, records are numbered as Google's processors number them: a header is number 0.
TEST(ExampleReader, IdsAreRecordNumbers) {
  const auto mrpc =
      examples_of("Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t1\t2\ta\tb\n\n0\t3\t4\tc\td\n",
                  describe_task(TaskPreset::mrpc));
  EXPECT_EQ(mrpc.examples[0].id, "1");
  EXPECT_EQ(mrpc.examples[1].id, "2");
  EXPECT_EQ(mrpc.examples[1].line, 4);
  EXPECT_EQ(pair_of(mrpc, 1), (TextPair{"c", "d", "0"}));
  EXPECT_EQ(examples_of("x\t1\t\ta\n", describe_task(TaskPreset::cola)).examples[0].id, "0");
}

TEST(ExampleReader, XnliKeepsOneLanguageAndRenamesLabels) {
  const auto task = describe_task(TaskPreset::xnli);
  const auto train = examples_of("premise\thypo\tlabel\na\tb\tcontradictory\n", task);
  EXPECT_EQ(pair_of(train, 0), (TextPair{"a", "b", "contradiction"}));
  const auto dev =
      examples_of("language\tgold_label\tsentence1\tsentence2\nen\tneutral\ta\tb\nzh\tneutral\tc\td\n", task,
                  ExampleUse::evaluation);
  ASSERT_EQ(dev.examples.size(), 1u);
  EXPECT_EQ(dev.examples[0].line, 3);
}

TEST(ExampleReader, YelpCsv) {
  const auto set =
      examples_of("\"1\",\"Bad.\\nVery \"\"bad\"\"\"\n\"2\",\"Good\"\n", describe_task(TaskPreset::yelp));
  EXPECT_EQ(pair_of(set, 0), (TextPair{"Bad.\nVery \"bad\"", "", "1"}));
}

TEST(ExampleReader, Swag) {
  const auto set = examples_of(
      ",video-id,sent1,sent2,ending0,ending1,ending2,ending3,label\n0,v,\"He sits, then\",She,a,b,c,d,3\n",
      describe_task(TaskPreset::swag));
  EXPECT_EQ(std::get<MultipleChoice>(set.examples.at(0).content),
            (MultipleChoice{"He sits, then", {"She a", "She b", "She c", "She d"}, "3"}));
}

TEST(ExampleReader, Jsonl) {
  const auto task = generic({.id = "key", .text_a = "title", .text_b = "body", .label = "ok"});
  const auto set = examples_of(
      "{\"key\": 7, \"title\": \"a\", \"body\": \"b\", \"ok\": true}\n"
      "{\"title\": \"c\", \"body\": \"\", \"ok\": 2}\n",
      task, ExampleUse::training, "d.jsonl");
  EXPECT_EQ(set.examples[0].id, "7");
  EXPECT_EQ(pair_of(set, 0), (TextPair{"a", "b", "true"}));
  EXPECT_EQ(set.examples[1].id, "1");
  EXPECT_EQ(pair_of(set, 1).label, "2");
}

TEST(ExampleReader, JsonlOfTaggingAndMultipleChoice) {
  const auto tagging = describe_task(TaskOptions{.kind = TaskKind::tagging});
  const auto tagged = examples_of("{\"words\": [\"EU\", \"acts\"], \"tags\": [\"B-ORG\", \"O\"]}\n", tagging,
                                  ExampleUse::training, "d.jsonl");
  EXPECT_EQ(std::get<TaggedWords>(tagged.examples[0].content), (TaggedWords{{"EU", "acts"}, {"B-ORG", "O"}}));
  const auto choosing = describe_task(TaskOptions{.kind = TaskKind::multiple_choice});
  const auto choice = examples_of("{\"context\": \"c\", \"endings\": [\"a\", \"b\"], \"label\": 1}\n",
                                  choosing, ExampleUse::training, "d.jsonl");
  EXPECT_EQ(std::get<MultipleChoice>(choice.examples[0].content), (MultipleChoice{"c", {"a", "b"}, "1"}));
}

TEST(ExampleReader, ConllTakesFirstAndLastColumn) {
  const auto task = describe_task(TaskPreset::conll);
  const auto set = examples_of("-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nacts VBZ I-VP O\n\n", task,
                               ExampleUse::training, "train.txt");
  EXPECT_EQ(std::get<TaggedWords>(set.examples.at(0).content), (TaggedWords{{"EU", "acts"}, {"B-ORG", "O"}}));
  const auto untagged = examples_of("EU\nacts\n", task, ExampleUse::prediction, "test.txt");
  EXPECT_TRUE(std::get<TaggedWords>(untagged.examples.at(0).content).tags.empty());
  EXPECT_THAT(message_of([&] { examples_of("EU\nacts\n", task, ExampleUse::training, "t.txt"); }),
              AllOf(HasSubstr("t.txt:1"), HasSubstr("no tags")));
}

TEST(ExampleReader, FormatsAreToldByNameAndContent) {
  const auto classification = TaskKind::classification;
  EXPECT_EQ(detect_format("a/train.csv.gz", "", classification), FileFormat::csv);
  EXPECT_EQ(detect_format("train.jsonl.zst", "", classification), FileFormat::jsonl);
  EXPECT_EQ(detect_format("train.tsv", "a,b", classification), FileFormat::tsv);
  EXPECT_EQ(detect_format("train", " {\"a\"", classification), FileFormat::jsonl);
  EXPECT_EQ(detect_format("train", "a\tb\n", classification), FileFormat::tsv);
  EXPECT_EQ(detect_format("train", "a,b\n", classification), FileFormat::csv);
  EXPECT_EQ(detect_format("train.txt", "EU O\n", TaskKind::tagging), FileFormat::conll);
}

TEST(ExampleReader, DelimiterIsFound) {
  const auto set = examples_of("label;text\nx;\"a; b\"\n", generic(), ExampleUse::training, "d.csv");
  EXPECT_EQ(pair_of(set, 0), (TextPair{"a; b", "", "x"}));
}

TEST(ExampleReader, PackedUtf16OnDisk) {
  const ScratchFolder folder;
  std::string bytes = "\xFF\xFE";
  for (const char c : std::string("label\ttext\r\n1\tgood\r\n")) bytes += {c, '\0'};
  testing::write_packed(folder / "d.tsv.gz", bytes, testing::Packing::gzip);
  EXPECT_EQ(pair_of(read_examples(folder / "d.tsv.gz", generic(), ExampleUse::training), 0),
            (TextPair{"good", "", "1"}));
}

// The rows of the table of bad inputs.
class BadExamples : public ::testing::Test {
 protected:
  static std::string reading(const std::string& text,
                             const TaskDescription& task = describe_task(TaskPreset::google_tsv),
                             ExampleUse use = ExampleUse::training, const std::string& name = "data.tsv") {
    return message_of([&] { examples_of(text, task, use, name); });
  }
};

TEST_F(BadExamples, WrongColumnCountInRow4812) {
  std::string text;
  for (int i = 1; i < 4812; ++i) text += "1\t0\ta\ttext\n";
  EXPECT_THAT(reading(text + "1\t0\ttext\n"),
              AllOf(HasSubstr("row 4812 has 3 column(s), the first row 4"), HasSubstr("data.tsv:4812")));
  TaskDescription skipping = describe_task(TaskPreset::google_tsv);
  skipping.malformed_rows = MalformedRows::skip;
  const auto set = examples_of(text + "1\t0\ttext\n1\t\ta\tno label\n1\t1\ta\tlast\n", skipping);
  EXPECT_EQ(set.examples.size(), 4812u);
  EXPECT_EQ(set.skipped, 2);
  EXPECT_EQ(set.examples.back().line, 4814);
}

TEST_F(BadExamples, TooFewColumns) {
  EXPECT_THAT(reading("1\t0\ttext\n"), AllOf(HasSubstr("data.tsv:1"), HasSubstr("3 column(s)")));
}

TEST_F(BadExamples, EmptyText) {
  EXPECT_THAT(reading("1\t0\ta\ttext\n2\t0\ta\t \n"),
              AllOf(HasSubstr("empty text"), HasSubstr("data.tsv:2")));
  const auto kept = examples_of("1\t0\ta\ttext\n2\t0\ta\t \n", describe_task(TaskPreset::google_tsv),
                                ExampleUse::prediction);
  EXPECT_EQ(kept.examples.size(), 2u);
}

TEST_F(BadExamples, MissingLabel) {
  EXPECT_THAT(reading("1\t\ta\ttext\n"), AllOf(HasSubstr("no label"), HasSubstr("data.tsv:1")));
  EXPECT_THAT(reading("{\"text\": \"a\"}\n", generic(), ExampleUse::training, "d.jsonl"),
              AllOf(HasSubstr("d.jsonl:1"), HasSubstr("`label`")));
}

TEST_F(BadExamples, UnclosedQuoteAndHalfJson) {
  EXPECT_THAT(reading("label,text\n1,\"never\n2,b\n", generic(), ExampleUse::training, "d.csv"),
              HasSubstr("d.csv:2"));
  EXPECT_THAT(reading("{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\", \"lab", generic(),
                      ExampleUse::training, "d.jsonl"),
              HasSubstr("d.jsonl:2"));
}

TEST_F(BadExamples, JsonOfOtherTypes) {
  const auto tagging = describe_task(TaskOptions{.kind = TaskKind::tagging});
  EXPECT_THAT(reading("{\"text\": 5, \"label\": \"x\"}\n", generic(), ExampleUse::training, "d.jsonl"),
              AllOf(HasSubstr("no text `text`"), HasSubstr("number")));
  EXPECT_THAT(
      reading("{\"words\": [\"a\", \"b\"], \"tags\": [\"O\"]}\n", tagging, ExampleUse::training, "d.jsonl"),
      AllOf(HasSubstr("2 word(s) and 1 tag(s)"), HasSubstr("d.jsonl:1")));
}

TEST_F(BadExamples, NothingToRead) {
  EXPECT_THAT(reading(""), AllOf(HasSubstr("no examples"), HasSubstr("data.tsv")));
  EXPECT_THAT(reading("id\tlabel\talpha\ttext\n"), HasSubstr("no examples"));
  EXPECT_THAT(
      reading("a b\n", describe_task(TaskOptions{.kind = TaskKind::tagging, .format = FileFormat::csv})),
      HasSubstr("tagging is not read from a table"));
  EXPECT_THAT(reading("{}", describe_task(TaskOptions{.kind = TaskKind::question_answering})),
              HasSubstr("SQuAD"));
}

}  // namespace
}  // namespace cloze
