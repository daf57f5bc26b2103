#include "engine/observe/report.h"

#include <gmock/gmock.h>

#include "engine/observe/report_charts.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

ReportedRun pretraining_run(const std::string& name) {
  ReportedRun run;
  run.record.name = name;
  run.record.config_yaml = "output: " + name;
  run.record.metrics.series = {{"train/loss", {{10, 6}, {20, 5}}},
                               {"train/masked_language_loss", {{10, 5.5}, {20, 4.5}}},
                               {"train/learning_rate", {{10, 1e-4}, {20, 2e-4}}},
                               {"train/gradient_norm", {{10, 1}, {20, 2}}},
                               {"train/tokens_per_second", {{10, 1000}, {20, 3000}}},
                               {"train/skipped_steps", {{10, 0}, {20, 0}}},
                               {"eval/mask_token_loss", {{20, 4.6}}},
                               {"eval/unigram_baseline", {{20, 6.2}}}};
  run.record.floor = KnownFloor{0.482, 0.485};
  return run;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// The elements that are open when the text ends, or close what is not open; void elements stand alone.
std::string unbalanced(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const size_t end = html.find('>', at);
    std::string tag = html.substr(at + 1, end - at - 1);
    if (tag.starts_with("!") || tag.ends_with("/")) continue;
    const bool closing = tag.starts_with("/");
    if (closing) tag.erase(0, 1);
    tag = tag.substr(0, tag.find_first_of(" \n"));
    if (tag == "meta" || tag == "br") continue;
    if (!closing) {
      open.push_back(tag);
    } else if (open.empty() || open.back() != tag) {
      return "</" + tag + "> at " + std::to_string(at);
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back() + " stays open";
}

TEST(Report, NeedsNothingFromElsewhere) {
  const std::string page = report_page({pretraining_run("one")});
  for (const char* part : {"<script", "http:", "https:", "url(", "@import", "<link", "<img", "onload"})
    EXPECT_THAT(page, Not(HasSubstr(part)));
  EXPECT_EQ(unbalanced(page), "");
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("name='viewport'"));
}

TEST(Report, EscapesWhatRunsAreCalledAndHold) {
  ReportedRun run = pretraining_run("<b>Tom & \"Jerry's\"</b> größer");
  run.record.log_head = "</pre><script>";
  run.record.predictions = {{"<i>", "a & b"}};
  run.examples = {{.before = "<u>", .after = "</u>", .truth = "x<y", .guesses = {{"a>b", 0.5}}}};
  run.record.metrics.series["eval/<odd>"] = {{20, 0.5}};
  const std::string page = report_page({run});
  EXPECT_EQ(unbalanced(page), "");
  for (const char* part : {"<b>", "<i>", "<u>", "<script>", "<odd>", "x<y", "a>b"})
    EXPECT_THAT(page, Not(HasSubstr(part)));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;Tom &amp; &quot;Jerry&#39;s&quot;&lt;/b&gt; größer"));
}

TEST(Report, ShowsBaselineFloorAndLastValues) {
  const std::string page = report_page({pretraining_run("one")});
  EXPECT_THAT(page, HasSubstr("word frequencies alone: 6.2"));
  EXPECT_THAT(page, HasSubstr("exact floor of the sample world: 0.482"));
  EXPECT_THAT(page, HasSubstr("4.6000"));
}

TEST(Report, OverlaysRunsAndComparesThemInOneTable) {
  const std::string page = report_page({pretraining_run("one"), pretraining_run("two")});
  EXPECT_EQ(count(page, "<figcaption>Masked-LM loss"), 1u);
  EXPECT_THAT(page, HasSubstr("one: training 4.5"));
  EXPECT_THAT(page, HasSubstr("two: training 4.5"));
  EXPECT_EQ(count(page, "<line class='level'"), 2u) << "runs on the same text share their baselines";
  EXPECT_EQ(unbalanced(page), "");
}

TEST(Report, OfARunThatHasNothingYetSaysSo) {
  ReportedRun run;
  run.record.name = "new";
  run.record.metrics.broken_lines = 1;
  const std::string page = report_page({run});
  EXPECT_THAT(page, HasSubstr("has not reported anything yet"));
  EXPECT_THAT(page, HasSubstr("1 line of metrics.jsonl is no record"));
  EXPECT_EQ(unbalanced(page), "");
}

TEST(Report, SaysWhereThereIsNoEvaluationYet) {
  ReportedRun run = pretraining_run("one");
  run.record.metrics.series.erase("eval/mask_token_loss");
  run.record.metrics.series.erase("eval/unigram_baseline");
  EXPECT_THAT(report_page({run}), HasSubstr("There is no evaluation yet"));
}

TEST(ReportCharts, OfFineTuningShowTheTasksOwnScores) {
  RunRecord run;
  run.metrics.series = {{"train/loss", {{5, 0.7}, {10, 0.4}}},
                        {"eval/loss", {{10, 0.5}}},
                        {"eval/accuracy", {{10, 0.9}}},
                        {"eval/f1", {{10, 0.8}}}};
  const std::vector<LineChart> charts = report_charts({&run});
  std::vector<std::string> titles;
  for (const LineChart& chart : charts) titles.push_back(chart.title);
  EXPECT_THAT(titles, testing::ElementsAre("Loss", "Validation: accuracy", "Validation: f1"));
}

TEST(LineChart, OneValueIsAPointWithoutDividingByNothing) {
  for (const double value : {0.0, 3.0, -2.0}) {
    const std::string svg =
        figure({.title = "one", .lines = {{.name = "line", .points = {{0, value}}}}, .logarithmic = true});
    EXPECT_THAT(svg, HasSubstr("<circle"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

TEST(LineChart, LongCurvesAreDrawnAsMeansWithABand) {
  Series series;
  for (int64_t step = 1; step <= 1000; ++step) series.push_back({step, step % 2 == 0 ? 1.0 : 3.0});
  const std::vector<Stretch> parts = stretches(series, 100);
  ASSERT_THAT(parts, SizeIs(100));
  EXPECT_DOUBLE_EQ(parts[0].step, 5.5);
  EXPECT_DOUBLE_EQ(parts[0].mean, 2);
  EXPECT_DOUBLE_EQ(parts[0].least, 1);
  EXPECT_DOUBLE_EQ(parts[0].most, 3);
  EXPECT_THAT(figure({.title = "long", .lines = {{.name = "line", .points = series}}}),
              HasSubstr("class='band"));
  EXPECT_THAT(stretches({{1, 2.0}}, 100), SizeIs(1));
}

}  // namespace
}  // namespace cloze
