#include "engine/observe/run_record.h"

#include <gmock/gmock.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string record(int64_t step, const char* split, const std::string& values) {
  return "{\"step\":" + std::to_string(step) + ",\"split\":\"" + split +
         "\",\"time\":" + std::to_string(1700000000 + step) + "," + values + "}\n";
}

TEST(Metrics, BecomeCurves) {
  const Metrics metrics = parse_metrics(record(1, "train", "\"loss\":5,\"gradient_norm\":null") +
                                        record(2, "train", "\"loss\":4,\"gradient_norm\":1.5") +
                                        record(2, "eval", "\"loss\":4.5"));
  EXPECT_THAT(*metrics.find("train/loss"), ElementsAre(MetricPoint{1, 5}, MetricPoint{2, 4}));
  EXPECT_THAT(*metrics.find("train/gradient_norm"), ElementsAre(MetricPoint{2, 1.5}));
  EXPECT_THAT(*metrics.find("eval/loss"), ElementsAre(MetricPoint{2, 4.5}));
  EXPECT_EQ(metrics.find("eval/accuracy"), nullptr);
  EXPECT_EQ(metrics.broken_lines, 0);
  EXPECT_EQ(metrics.last_time - metrics.first_time, 1);
}

TEST(Metrics, LinesThatAreNoRecordsAreCounted) {
  const Metrics metrics = parse_metrics(record(1, "train", "\"loss\":5") +
                                        "not JSON\n[1]\n{\"step\":\"x\"}\n" + "{\"step\":2,\"split\":\"tr");
  EXPECT_THAT(*metrics.find("train/loss"), ElementsAre(MetricPoint{1, 5}));
  EXPECT_EQ(metrics.broken_lines, 4);
}

TEST(Metrics, OfARunThatWentBackTheLaterCount) {
  const Metrics metrics =
      parse_metrics(record(10, "train", "\"loss\":5") + record(20, "train", "\"loss\":4") +
                    record(20, "eval", "\"loss\":4.4") + record(30, "train", "\"loss\":3") +
                    record(30, "eval", "\"loss\":3.3") + record(20, "train", "\"loss\":4.5"));
  EXPECT_THAT(*metrics.find("train/loss"), ElementsAre(MetricPoint{10, 5}, MetricPoint{20, 4.5}));
  EXPECT_THAT(*metrics.find("eval/loss"), ElementsAre(MetricPoint{20, 4.4}));
}

TEST(Metrics, OfNothingAreEmpty) {
  EXPECT_TRUE(parse_metrics("").series.empty());
  EXPECT_TRUE(parse_metrics("\n\n").series.empty());
}

class RunRecordTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, text);
  }
  const ScratchFolder folder_;
};

TEST_F(RunRecordTest, AFolderThatIsNoRunIsRefused) {
  for (const std::filesystem::path& path : {folder_.path(), folder_ / "not there"}) {
    try {
      read_run(path);
      FAIL() << path;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("this is no run of Cloze"));
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
    }
  }
}

TEST_F(RunRecordTest, ARunThatHasJustBegunIsRead) {
  write("run/format_version", "1\n");
  write("run/config.yaml", "output: run\n");
  const RunRecord run = read_run(folder_ / "run/");
  EXPECT_THAT(run.name, Not(HasSubstr("run/")));
  EXPECT_TRUE(run.metrics.series.empty());
  EXPECT_TRUE(run.checkpoints.empty());
  EXPECT_FALSE(run.facts.has_value());
  EXPECT_FALSE(run.pretraining());
}

TEST_F(RunRecordTest, TheLogIsShownWithoutExamples) {
  write("run/format_version", "1\n");
  write("run/config.yaml", "output: run\n");
  write("run/log.txt",
        "2026-11-24 10:00:00 A CPU; 2 threads\n2026-11-24 10:00:01 *** Example ***\ntokens: [CLS] a\n"
        "2026-11-24 10:00:02 saved\n");
  EXPECT_EQ(read_run(folder_ / "run").log_head,
            "2026-11-24 10:00:00 A CPU; 2 threads\n2026-11-24 10:00:02 saved\n");
}

TEST_F(RunRecordTest, PredictionsAreReadAsFarAsTheyAreWhole) {
  write("run/format_version", "1\n");
  write("run/config.yaml", "output: run\n");
  write("run/predictions.jsonl",
        "{\"id\":\"7\",\"label\":\"a <b>\",\"probabilities\":{\"a <b>\":0.5}}\n{\"id\":\"8\",\"lab");
  const RunRecord run = read_run(folder_ / "run");
  ASSERT_EQ(run.predictions.size(), 1u);
  EXPECT_EQ(run.predictions[0].first, "7");
  EXPECT_EQ(run.predictions[0].second, "label: a <b>; probabilities: {\"a <b>\":0.5}");
}

TEST_F(RunRecordTest, AFolderOfSeedsStandsForItsRuns) {
  write("all/seeds.json", "{}");
  write("all/seed-2/format_version", "1\n");
  write("all/seed-1/format_version", "1\n");
  write("all/other/format_version", "1\n");
  EXPECT_THAT(runs_in(folder_ / "all"), ElementsAre(folder_ / "all/seed-1", folder_ / "all/seed-2"));
  EXPECT_THAT(runs_in(folder_ / "one"), ElementsAre(folder_ / "one"));
}

TEST_F(RunRecordTest, FactsComeBackAndDamagedOnesAreNone) {
  const RunFacts facts{.kind = "pretraining",
                       .cpu = "a CPU",
                       .device = "cpu",
                       .threads = 2,
                       .parameters = 17,
                       .parameter_bytes = 68,
                       .peak_bytes = 1000};
  write_run_facts(folder_.path(), facts);
  const std::optional<RunFacts> read = read_run_facts(folder_.path());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->kind, "pretraining");
  EXPECT_EQ(read->parameters, 17);
  EXPECT_EQ(read->peak_bytes, 1000u);
  write("run.json", "{\"kind\": 3}");
  EXPECT_FALSE(read_run_facts(folder_.path()).has_value());
}

}  // namespace
}  // namespace cloze
