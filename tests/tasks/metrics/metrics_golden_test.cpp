// Scores against scikit-learn, scipy and seqeval: see tests/golden/tasks/make_task_goldens.py.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/tasks/metrics/confusion.h"
#include "engine/tasks/metrics/correlation.h"
#include "engine/tasks/metrics/tag_spans.h"

namespace cloze {
namespace {

constexpr double tolerance = 1e-12;

nlohmann::json golden(const char* part) {
  return read_json(CLOZE_SOURCE_DIR "/tests/golden/tasks/metrics.json").at(part);
}

void expect_near(const PrecisionRecall& found, const nlohmann::json& expected) {
  EXPECT_NEAR(found.precision, expected[0], tolerance);
  EXPECT_NEAR(found.recall, expected[1], tolerance);
  EXPECT_NEAR(found.f1, expected[2], tolerance);
}

TEST(MetricGoldens, Classes) {
  const auto cases = golden("classes");
  ASSERT_EQ(cases.size(), 8u);
  for (const auto& each : cases) {
    const auto right = each["right"].get<std::vector<int32_t>>(),
               guess = each["predicted"].get<std::vector<int32_t>>();
    const int32_t classes = each["classes"];
    const ConfusionCounts counts = count_confusion(right, guess, classes);
    for (int32_t row = 0; row < classes; ++row) {
      for (int32_t column = 0; column < classes; ++column) {
        EXPECT_EQ(counts.at(row, column),
                  each["confusion"][static_cast<size_t>(row)][static_cast<size_t>(column)]);
      }
    }
    EXPECT_NEAR(accuracy(counts), each["accuracy"], tolerance);
    EXPECT_NEAR(matthews(counts), each["matthews"], tolerance);
    expect_near(macro_average(counts), each["macro"]);
    expect_near(precision_recall(counts, 1), each["class_1"]);
  }
}

TEST(MetricGoldens, Scores) {
  const auto cases = golden("scores");
  ASSERT_EQ(cases.size(), 5u);
  for (const auto& each : cases) {
    const auto x = each["x"].get<std::vector<double>>(), y = each["y"].get<std::vector<double>>();
    EXPECT_NEAR(pearson(x, y), each["pearson"], tolerance);
    EXPECT_NEAR(spearman(x, y), each["spearman"], tolerance);
    EXPECT_NEAR(mean_squared_error(x, y), each["mean_squared_error"], tolerance);
    EXPECT_EQ(average_ranks(x), each["ranks"].get<std::vector<double>>());
  }
}

TEST(MetricGoldens, Taggings) {
  const auto cases = golden("taggings");
  ASSERT_EQ(cases.size(), 9u);
  for (const auto& each : cases) {
    const auto right = each["right"].get<std::vector<std::vector<std::string>>>();
    const auto guess = each["predicted"].get<std::vector<std::vector<std::string>>>();
    SpanCounts counts;
    for (size_t i = 0; i < right.size(); ++i) {
      counts.add(right[i], guess[i]);
      nlohmann::json spans = nlohmann::json::array();
      for (const TagSpan& span : tag_spans(right[i])) spans.push_back({span.type, span.begin, span.end});
      EXPECT_EQ(spans, each["spans"][i]) << each["right"][i];
    }
    expect_near(counts.overall(), {each["precision"], each["recall"], each["f1"]});
    EXPECT_NEAR(counts.word_accuracy(), each["accuracy"], tolerance);
  }
}

}  // namespace
}  // namespace cloze
