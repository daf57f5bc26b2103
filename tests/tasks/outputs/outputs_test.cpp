#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/data/examples/task_options.h"
#include "engine/tasks/outputs/glue_submission.h"
#include "engine/tasks/outputs/prediction_lines.h"
#include "engine/tasks/outputs/prediction_reader.h"
#include "engine/tasks/outputs/result_files.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path goldens = CLOZE_SOURCE_DIR "/tests/golden/tasks";

TEST(ResultFiles, BytesOfRunClassifier) {
  const auto golden = read_json(goldens / "results.json");
  const EvaluationResults results = {{"eval_loss", 0.505248f},
                                     {"global_step", int64_t{343}},
                                     {"eval_accuracy", 0.84558824f},
                                     {"loss", 1e-5f}};
  EXPECT_EQ(evaluation_results_text(results), golden["eval_results"]);
  for (size_t row = 0; row < golden["probabilities"].size(); ++row) {
    std::vector<float> probabilities;
    for (const uint32_t bits : golden["probabilities"][row])
      probabilities.push_back(std::bit_cast<float>(bits));
    EXPECT_EQ(test_results_line(probabilities), golden["test_results"][row]);
  }
}

const LabelSet sentiment({"bad", "good"});

TEST(PredictionLines, Jsonl) {
  EXPECT_EQ(prediction_jsonl({"7", 1, {0.1f, 0.9f}}, sentiment),
            "{\"id\":\"7\",\"label\":\"good\",\"probabilities\":{\"bad\":0.1,\"good\":0.9}}\n");
  EXPECT_EQ(prediction_jsonl(ScorePrediction{"7", 3.25f}), "{\"id\":\"7\",\"score\":3.25}\n");
  EXPECT_EQ(prediction_jsonl(ScorePrediction{"\xFF", std::numeric_limits<float>::quiet_NaN()}),
            "{\"id\":\"\uFFFD\",\"score\":null}\n");
  EXPECT_EQ(prediction_jsonl(TagPrediction{"7", {"EU", "\"acts\""}, {"B-ORG", "O"}}),
            "{\"id\":\"7\",\"words\":[\"EU\",\"\\\"acts\\\"\"],\"tags\":[\"B-ORG\",\"O\"]}\n");
}

TEST(PredictionLines, Tables) {
  EXPECT_EQ(prediction_tsv_header(sentiment), "id\tlabel\tbad\tgood\n");
  EXPECT_EQ(prediction_tsv({"a\tb", 0, {0.75f, 0.25f}}, sentiment), "a b\tbad\t0.75\t0.25\n");
  EXPECT_EQ(score_tsv_header() + prediction_tsv(ScorePrediction{"7", 1e-5f}), "id\tscore\n7\t1e-05\n");
  EXPECT_EQ(prediction_conll({"7", {"EU", "acts"}, {"B-ORG", "O"}}), "EU\tB-ORG\nacts\tO\n\n");
}

TEST(PredictionLines, AWordHasTheTagOfItsFirstPiece) {
  const std::vector<int32_t> rows = {1, 3, -1}, predicted = {0, 1, 0, 2, 0};
  EXPECT_THAT(word_tags(rows, predicted, LabelSet({"I-X", "B-X", "O"})), ElementsAre("B-X", "O", "O"));
  EXPECT_THAT(word_tags(rows, predicted, LabelSet({"NOUN", "VERB", "ADJ"})),
              ElementsAre("VERB", "ADJ", "NOUN"));
}

TEST(GlueSubmission, Lines) {
  EXPECT_EQ(glue_submission_name(TaskPreset::mnli_mismatched, "test.tsv"), "MNLI-mm.tsv");
  EXPECT_EQ(glue_submission_name(TaskPreset::mnli, "glue/MNLI/test_matched.tsv"), "MNLI-m.tsv");
  EXPECT_EQ(glue_submission_name(TaskPreset::mnli, "glue/MNLI/test_mismatched.tsv"), "MNLI-mm.tsv");
  EXPECT_EQ(glue_submission_name(TaskPreset::mnli, "glue/AX/diagnostic.tsv"), "AX.tsv");
  EXPECT_EQ(glue_submission_name(TaskPreset::yelp, "test.csv"), std::nullopt);
  EXPECT_EQ(glue_submission_header() + glue_submission_line(0, "entailment"),
            "index\tprediction\n0\tentailment\n");
  EXPECT_EQ(glue_submission_line(3, 4.23456f), "3\t4.235\n");
  EXPECT_EQ(glue_submission_line(3, 5.2f), "3\t5.000\n");
}

class ReadingPredictions : public ::testing::Test {
 protected:
  std::vector<std::string> answers(const std::string& name, const std::string& text) const {
    write_file(folder_ / name, text);
    const TaskDescription task = describe_task(TaskPreset::mrpc);
    std::vector<std::string> found;
    for (const auto& each :
         in_order_of(set_, read_predictions(folder_ / name, task, LabelSet(task.labels)), folder_ / name)) {
      found.push_back(each.answer);
    }
    return found;
  }
  std::string refusal(const std::string& name, const std::string& text) const {
    try {
      answers(name, text);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  const ScratchFolder folder_;
  const ExampleSet set_{.file = "dev.tsv",
                        .examples = {{"1", 2, TextPair{"a", "b", "1"}}, {"2", 3, TextPair{"c", "d", "0"}}}};
};

TEST_F(ReadingPredictions, AllForms) {
  EXPECT_THAT(answers("test_results.tsv", "0.9\t0.1\n1e-05\t0.99999\n"), ElementsAre("0", "1"));
  EXPECT_THAT(answers("MRPC.tsv", "index\tprediction\n0\t1\n1\t0\n"), ElementsAre("1", "0"));
  const LabelSet labels({"0", "1"});
  EXPECT_THAT(
      answers("p.tsv", prediction_tsv_header(labels) + prediction_tsv({"2", 1, {0.2f, 0.8f}}, labels) +
                           prediction_tsv({"1", 0, {0.7f, 0.3f}}, labels)),
      ElementsAre("0", "1"));
  EXPECT_THAT(answers("p.jsonl", prediction_jsonl({"2", 1, {0.2f, 0.8f}}, labels) +
                                     prediction_jsonl({"1", 0, {0.7f, 0.3f}}, labels)),
              ElementsAre("0", "1"));
}

TEST_F(ReadingPredictions, Refusals) {
  EXPECT_THAT(refusal("p.tsv", "0.9\t0.1\n"), HasSubstr("1 predictions for 2 examples"));
  EXPECT_THAT(refusal("p.tsv", "0.9\t0.1\n0.5\n"), HasSubstr("p.tsv:2"));
  EXPECT_THAT(refusal("p.tsv", "0.9\tyes\n"), HasSubstr("`yes` is no number"));
  EXPECT_THAT(refusal("p.tsv", "id\tlabel\n1\t0\n2\n"), HasSubstr("p.tsv:3"));
  EXPECT_THAT(refusal("p.jsonl", "{\"id\": 1, \"label\": \"0\"}\n{\"id\": 2}\n"), HasSubstr("p.jsonl:2"));
}

}  // namespace
}  // namespace cloze
