// The real files of GLUE and Yelp, where they are at hand: their counts, labels and first texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/data/examples/label_set.h"
#include "engine/data/examples/task_options.h"
#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

const std::filesystem::path data = std::filesystem::path(CLOZE_SOURCE_DIR) / ".." / "shared" / "data";

struct RealFile {
  const char* name;
  TaskPreset preset;
  size_t rows;
  int64_t first_line;
  const char* first_text;
};

void PrintTo(const RealFile& file, std::ostream* out) {
  *out << file.name;
}

class RealFiles : public ::testing::TestWithParam<RealFile> {};

TEST_P(RealFiles, AreReadWhole) {
  const RealFile& file = GetParam();
  if (!std::filesystem::exists(data / file.name)) GTEST_SKIP() << "needs " << data / file.name;
  const TaskDescription task = describe_task(file.preset);
  const ExampleSet set = read_examples(data / file.name, task, ExampleUse::training);
  EXPECT_EQ(set.examples.size(), file.rows);
  EXPECT_EQ(set.skipped, 0);
  EXPECT_EQ(set.examples.front().line, file.first_line);
  EXPECT_THAT(std::get<TextPair>(set.examples.front().content).a, StartsWith(file.first_text));
  TaskDescription open = task;
  open.labels.clear();
  EXPECT_EQ(labels_of(open, set).names(), task.labels);
  const bool pairs = file.preset == TaskPreset::mrpc;
  for (const Example& example : set.examples) ASSERT_NE(std::get<TextPair>(example.content).b.empty(), pairs);
}

INSTANTIATE_TEST_SUITE_P(
    All, RealFiles,
    ::testing::Values(
        RealFile{"yelp/train.csv", TaskPreset::yelp, 7736, 1, "Make sure you're going to the right address!"},
        RealFile{"yelp/test.csv", TaskPreset::yelp, 1076, 1, ""},
        RealFile{"glue/MRPC/msr_paraphrase_train.txt", TaskPreset::mrpc, 4076, 2,
                 "Amrozi accused his brother"},
        RealFile{"glue/MRPC/msr_paraphrase_test.txt", TaskPreset::mrpc, 1725, 2,
                 "PCCW's chief operating officer"},
        RealFile{"glue/CoLA/in_domain_train.tsv", TaskPreset::cola, 8551, 1, "Our friends won't buy"},
        RealFile{"glue/CoLA/in_domain_dev.tsv", TaskPreset::cola, 527, 1, "The sailors rode"},
        RealFile{"glue/CoLA/out_of_domain_dev.tsv", TaskPreset::cola, 516, 1, "Somebody just left"},
        RealFile{"glue/SST-2/train.tsv", TaskPreset::sst2, 60614, 2, "when are bears bears and"},
        RealFile{"glue/SST-2/dev.tsv", TaskPreset::sst2, 872, 2, "it 's a charming"}));

TEST(RealYelp, EscapesAreGone) {
  const auto file = data / "yelp/train.csv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "needs " << file;
  const ExampleSet set = read_examples(file, describe_task(TaskPreset::yelp), ExampleUse::training);
  size_t with_newline = 0, positive = 0;
  for (const Example& example : set.examples) {
    const auto& pair = std::get<TextPair>(example.content);
    with_newline += pair.a.find('\n') != std::string::npos;
    positive += *pair.label == "2";
    EXPECT_EQ(pair.a.find("\\n"), std::string::npos) << example.line;
    EXPECT_EQ(pair.a.find("\"\""), std::string::npos) << example.line;
  }
  EXPECT_EQ(positive, 3868u);
  EXPECT_GT(with_newline, 1000u);
}

}  // namespace
}  // namespace cloze
