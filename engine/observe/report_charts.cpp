#include "engine/observe/report_charts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace cloze {
namespace {

struct Curve {
  std::string series, name;
  bool marked = false;
};
struct ChartPlan {
  std::string title, unit;
  std::vector<Curve> curves;
  bool logarithmic = false;
};

const std::string masked_loss = "Masked-LM loss";

std::vector<ChartPlan> known_charts() {
  return {
      {masked_loss,
       "nats per predicted token",
       {{"train/masked_language_loss", "training"},
        {"eval/mask_token_loss", "validation, on [MASK] inputs", true}}},
      {"Masked-LM accuracy",
       "",
       {{"train/masked_language_accuracy", "training"},
        {"eval/masked_language_accuracy", "validation", true}}},
      {"Perplexity", "validation, all predicted tokens", {{"eval/perplexity", "validation", true}}, true},
      {"Next-sentence accuracy",
       "",
       {{"train/next_sentence_accuracy", "training"}, {"eval/next_sentence_accuracy", "validation", true}}},
      {"Learning rate", "", {{"train/learning_rate", "learning rate"}}},
      {"Gradient norm", "before clipping", {{"train/gradient_norm", "gradient norm"}}, true},
      {"Throughput", "tokens per second", {{"train/tokens_per_second", "throughput"}}},
      {"Useful work", "share of the matmul peak", {{"train/share_of_peak", "useful work"}}}};
}

// Scores of fine-tuning, whatever the task calls them: evaluation curves that no known chart has.
std::vector<ChartPlan> score_charts(const std::vector<const RunRecord*>& runs) {
  std::set<std::string> covered{"eval/loss", "eval/masked_language_loss", "eval/unigram_baseline",
                                "eval/next_sentence_loss"};
  for (const ChartPlan& plan : known_charts()) {
    for (const Curve& curve : plan.curves) covered.insert(curve.series);
  }
  std::set<std::string> names;
  for (const RunRecord* run : runs) {
    for (const auto& [name, series] : run->metrics.series) {
      if (name.starts_with("eval/") && !covered.contains(name)) names.insert(name);
    }
  }
  std::vector<ChartPlan> plans;
  for (const std::string& name : names)
    plans.push_back({"Validation: " + name.substr(5), "", {{name, name.substr(5), true}}});
  return plans;
}

ChartPlan loss_of_fine_tuning() {
  return {"Loss", "", {{"train/loss", "training"}, {"eval/loss", "validation", true}}};
}

bool varies(const Series& series) {
  return std::any_of(series.begin(), series.end(), [&](const MetricPoint& point) {
    return point.value != series.front().value || point.value != 0;
  });
}

LineChart filled(const ChartPlan& plan, const std::vector<const RunRecord*>& runs) {
  LineChart chart{.title = plan.title, .unit = plan.unit, .logarithmic = plan.logarithmic};
  for (size_t run = 0; run < runs.size(); ++run) {
    for (const Curve& curve : plan.curves) {
      const Series* series = runs[run]->metrics.find(curve.series);
      if (series == nullptr || !varies(*series)) continue;
      chart.lines.push_back({.name = curve.name,
                             .run = runs.size() == 1 ? "" : runs[run]->name,
                             .colour = run % chart_colours,
                             .marked = curve.marked,
                             .points = *series});
    }
  }
  return chart;
}

// Runs on the same text share their baselines: levels that are (nearly) equal are drawn once.
void add_level(LineChart& chart, const std::string& name, double value, const std::string& run, bool alone) {
  for (const ChartLevel& level : chart.levels) {
    if (level.name.starts_with(name) && std::abs(level.value - value) < 2e-3) return;
  }
  chart.levels.push_back({alone ? name : fmt::format("{} ({})", name, run), value});
}

void add_levels(LineChart& chart, const std::vector<const RunRecord*>& runs) {
  for (const RunRecord* run : runs) {
    if (const Series* baseline = run->metrics.find("eval/unigram_baseline"))
      add_level(chart, "word frequencies alone", baseline->back().value, run->name, runs.size() == 1);
    if (run->floor)
      add_level(chart, "exact floor of the sample world", run->floor->told, run->name, runs.size() == 1);
  }
}

}  // namespace

std::vector<LineChart> report_charts(const std::vector<const RunRecord*>& runs) {
  std::vector<ChartPlan> plans = known_charts();
  std::vector<const RunRecord*> others;
  for (const RunRecord* run : runs) {
    if (run->metrics.find("train/masked_language_loss") == nullptr) others.push_back(run);
  }
  if (!others.empty()) plans.insert(plans.begin() + 1, loss_of_fine_tuning());
  const std::vector<ChartPlan> scores = score_charts(runs);
  plans.insert(plans.begin() + (others.empty() ? 1 : 2), scores.begin(), scores.end());
  std::vector<LineChart> charts;
  for (const ChartPlan& plan : plans) {
    LineChart chart = filled(plan, runs);
    if (chart.lines.empty()) continue;
    if (plan.title == masked_loss) add_levels(chart, runs);
    charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace cloze
