#include "engine/tasks/metrics/score_predictions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/data/examples/task_options.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ScorePredictions : public ::testing::Test {
 protected:
  std::vector<double> scores(TaskPreset preset, const std::string& data, const std::string& predictions,
                             const std::string& name = "predictions.tsv") const {
    write_file(folder_ / "data", data);
    write_file(folder_ / name, predictions);
    std::vector<double> values;
    for (const MetricValue& each :
         score_predictions(describe_task(preset), folder_ / "data", folder_ / name).metrics) {
      values.push_back(each.value);
    }
    return values;
  }
  std::string refusal(TaskPreset preset, const std::string& data, const std::string& predictions) const {
    try {
      scores(preset, data, predictions);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  const ScratchFolder folder_;
};

const std::string mrpc =
    "Quality\t#1 ID\t#2 ID\t#1 String\t#2 "
    "String\n1\t0\t0\ta\tb\n1\t0\t0\tc\td\n0\t0\t0\te\tf\n0\t0\t0\tg\th\n";

TEST_F(ScorePredictions, AccuracyAndF1) {
  const auto values = scores(TaskPreset::mrpc, mrpc, "0.1\t0.9\n0.8\t0.2\n0.6\t0.4\n0.6\t0.4\n");
  ASSERT_EQ(values.size(), 2u);
  EXPECT_DOUBLE_EQ(values[0], 0.75);
  EXPECT_DOUBLE_EQ(values[1], 2.0 / 3);
}

TEST_F(ScorePredictions, Correlations) {
  const auto values =
      scores(TaskPreset::stsb, "index\tsentence1\tsentence2\tscore\n0\ta\tb\t1.0\n1\ta\tb\t2.0\n2\ta\tb\t5\n",
             "index\tprediction\n0\t0.1\n1\t0.3\n2\t0.2\n");
  ASSERT_EQ(values.size(), 2u);
  EXPECT_NEAR(values[0], 0.24019223070763074, 1e-12);  // scipy.stats.pearsonr([1, 2, 5], [.1, .3, .2])
  EXPECT_DOUBLE_EQ(values[1], 0.5);
}

TEST_F(ScorePredictions, Spans) {
  const std::string right = "EU X B-ORG\nacts X O\n\nBo X B-PER\nLi X I-PER\n";
  const auto conll = scores(TaskPreset::conll, right, "EU\tB-ORG\nacts\tO\n\nBo\tB-PER\nLi\tO\n", "p.conll");
  EXPECT_DOUBLE_EQ(conll[0], 0.5);
  const auto jsonl =
      scores(TaskPreset::conll, right,
             "{\"id\": \"0\", \"words\": [\"EU\", \"acts\"], \"tags\": [\"B-ORG\", \"O\"]}\n"
             "{\"id\": \"1\", \"words\": [\"Bo\", \"Li\"], \"tags\": [\"B-PER\", \"I-PER\"]}\n",
             "p.jsonl");
  EXPECT_DOUBLE_EQ(jsonl[0], 1);
}

TEST_F(ScorePredictions, Refusals) {
  EXPECT_THAT(refusal(TaskPreset::mrpc, mrpc, "index\tprediction\n0\t1\n1\tyes\n2\t0\n3\t0\n"),
              AllOf(HasSubstr("`yes` is no label"), HasSubstr("predictions.tsv:3")));
  EXPECT_THAT(refusal(TaskPreset::mrpc, mrpc, "0.1\t0.9\n"), HasSubstr("1 predictions for 4 examples"));
  EXPECT_THAT(refusal(TaskPreset::conll, "a X O\nb X O\n", "a O\n"), HasSubstr("1 word(s)"));
  EXPECT_THAT(refusal(TaskPreset::conll, "a X O\n", "a O\n\nb O\n"), HasSubstr("2 sentences, not 1"));
}

}  // namespace
}  // namespace cloze
