#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/data/examples/task_options.h"
#include "engine/tasks/metrics/confusion.h"
#include "engine/tasks/metrics/correlation.h"
#include "engine/tasks/metrics/task_metrics.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using Tags = std::vector<std::string>;

TEST(Confusion, UndefinedScoresAreZero) {
  const ConfusionCounts none(2);
  EXPECT_EQ(accuracy(none), 0);
  EXPECT_EQ(matthews(none), 0);
  EXPECT_EQ(macro_average(none).f1, 0);
  EXPECT_EQ(precision_recall(none, 1).precision, 0);
}

// The figures of a test set with 3 true positives, 1 false positive, 2 false negatives, 4 true negatives.
TEST(Confusion, ByHand) {
  ConfusionCounts counts(2);
  for (int i = 0; i < 3; ++i) counts.add(1, 1);
  for (int i = 0; i < 2; ++i) counts.add(1, 0);
  for (int i = 0; i < 4; ++i) counts.add(0, 0);
  counts.add(0, 1);
  EXPECT_DOUBLE_EQ(accuracy(counts), 0.7);
  EXPECT_DOUBLE_EQ(precision_recall(counts, 1).precision, 0.75);
  EXPECT_DOUBLE_EQ(precision_recall(counts, 1).recall, 0.6);
  EXPECT_DOUBLE_EQ(precision_recall(counts, 1).f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(matthews(counts), (3 * 4 - 1 * 2) / std::sqrt(4.0 * 5 * 5 * 6));
  EXPECT_THROW(counts.add(2, 0), std::logic_error);
  EXPECT_THROW(counts.add(0, -1), std::logic_error);
}

TEST(Correlation, UndefinedIsZeroAndPerfectIsOne) {
  const std::vector<double> x = {1, 2, 3}, same = {5, 5, 5}, falling = {3, 2.5, -7};
  EXPECT_EQ(pearson(x, same), 0);
  EXPECT_EQ(spearman(same, x), 0);
  EXPECT_EQ(pearson({}, {}), 0);
  EXPECT_DOUBLE_EQ(pearson(x, x), 1);
  EXPECT_DOUBLE_EQ(spearman(x, falling), -1);
  EXPECT_THAT(average_ranks(std::vector<double>{3, 1, 3, 2}), ElementsAre(3.5, 1, 3.5, 2));
}

// Large offsets lose nothing: deviations are taken from the mean first.
TEST(Correlation, LargeOffsets) {
  std::vector<double> x, y;
  for (int i = 0; i < 100; ++i) {
    x.push_back(1e9 + i);
    y.push_back(-1e9 + 2 * i);
  }
  EXPECT_NEAR(pearson(x, y), 1, 1e-12);
}

TEST(TagSpans, TagsOfOtherFormsAreOutside) {
  EXPECT_TRUE(tag_spans(Tags{"NOUN", "O", "-", "", "B", "X-A"}).empty());
  const auto spans = tag_spans(Tags{"I-PER", "I-PER", "I-LOC", "B-LOC", "O", "E-LOC"});
  EXPECT_THAT(spans, ElementsAre(TagSpan{"PER", 0, 2}, TagSpan{"LOC", 2, 3}, TagSpan{"LOC", 3, 4},
                                 TagSpan{"LOC", 5, 6}));
}

TEST(TagSpans, EveryTypeHasItsScores) {
  SpanCounts counts;
  counts.add(Tags{"B-PER", "I-PER", "O", "B-LOC"}, Tags{"B-PER", "O", "O", "B-LOC"});
  EXPECT_DOUBLE_EQ(counts.overall().f1, 0.5);
  EXPECT_DOUBLE_EQ(counts.by_type().at("LOC").f1, 1);
  EXPECT_DOUBLE_EQ(counts.by_type().at("PER").recall, 0);
  EXPECT_DOUBLE_EQ(counts.word_accuracy(), 0.75);
}

TEST(TaskMetrics, PresetsReportWhatGlueReports) {
  const auto of = [](TaskPreset preset) { return metrics_of(describe_task(preset), LabelSet({"0", "1"})); };
  EXPECT_THAT(of(TaskPreset::cola), ElementsAre(Metric::matthews, Metric::accuracy));
  EXPECT_THAT(of(TaskPreset::mrpc), ElementsAre(Metric::accuracy, Metric::f1));
  EXPECT_THAT(of(TaskPreset::stsb), ElementsAre(Metric::pearson, Metric::spearman));
  EXPECT_THAT(of(TaskPreset::yelp), ElementsAre(Metric::accuracy));
  EXPECT_EQ(of(TaskPreset::google_tsv).front(), Metric::accuracy);
  EXPECT_THAT(metrics_of({}, LabelSet({"a", "b", "c"})),
              ElementsAre(Metric::accuracy, Metric::macro_f1, Metric::matthews));
}

TEST(TaskMetrics, EveryMetricOfATaskIsComputed) {
  const std::vector<int32_t> right = {0, 1, 1, 0}, guess = {0, 1, 0, 0};
  const std::vector<double> x = {1, 2, 3, 4}, y = {1, 2, 4, 3};
  SpanCounts spans;
  spans.add(Tags{"B-A"}, Tags{"B-A"});
  for (const std::string& name : task_preset_names()) {
    const TaskDescription task = describe_task(task_preset(name));
    const auto metrics = metrics_of(task, LabelSet({"0", "1"}));
    const auto values = task.kind == TaskKind::regression ? score_metrics(metrics, x, y)
                        : task.kind == TaskKind::tagging  ? tag_metrics(metrics, spans)
                                                          : class_metrics(metrics, right, guess, 2);
    ASSERT_EQ(values.size(), metrics.size()) << name;
    for (const MetricValue& value : values) {
      EXPECT_GT(value.value, 0) << name;
      EXPECT_EQ(metric_named(name_of(value.metric)), value.metric);
    }
  }
  EXPECT_TRUE(less_is_better(Metric::mean_squared_error));
  EXPECT_FALSE(less_is_better(Metric::accuracy));
}

TEST(TaskMetrics, AnUnknownMetric) {
  try {
    metric_named("acuracy");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("did you mean `accuracy`"));
  }
}

}  // namespace
}  // namespace cloze
