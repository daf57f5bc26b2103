#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/observe/run_record.h"

namespace cloze {
namespace {

void append(Series& series, MetricPoint point) {
  while (!series.empty() && series.back().step >= point.step) series.pop_back();
  series.push_back(point);
}

// A run that went back to a checkpoint left records of a future that was given up, in other curves too.
void drop_from(std::map<std::string, Series>& all, const std::string& split, int64_t step) {
  for (auto& [name, series] : all) {
    if (name.starts_with(split)) continue;
    while (!series.empty() && series.back().step > step) series.pop_back();
  }
}

bool add_record(Metrics& metrics, std::string_view line, std::map<std::string, int64_t>& last_steps) {
  const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!record.is_object() || !record.contains("step") || !record["step"].is_number_integer() ||
      !record.contains("split") || !record["split"].is_string())
    return false;
  const int64_t step = record["step"];
  const std::string split = record["split"].get<std::string>() + "/";
  const auto last = last_steps.find(split);
  if (last != last_steps.end() && step <= last->second) drop_from(metrics.series, split, step);
  last_steps[split] = step;
  for (const auto& [key, value] : record.items()) {
    if (key == "step" || key == "split" || !value.is_number()) continue;  // null: not finite
    if (key == "time") {
      metrics.last_time = value;
      if (metrics.first_time == 0) metrics.first_time = metrics.last_time;
    } else if (std::isfinite(value.get<double>())) {
      append(metrics.series[split + key], {step, value});
    }
  }
  return true;
}

}  // namespace

const Series* Metrics::find(const std::string& name) const {
  const auto found = series.find(name);
  return found == series.end() || found->second.empty() ? nullptr : &found->second;
}

Metrics parse_metrics(std::string_view jsonl) {
  Metrics metrics;
  std::map<std::string, int64_t> last_steps;  // by split
  while (!jsonl.empty()) {
    const size_t end = std::min(jsonl.find('\n'), jsonl.size());
    const std::string_view line = jsonl.substr(0, end);
    if (!line.empty() && !add_record(metrics, line, last_steps)) ++metrics.broken_lines;
    jsonl.remove_prefix(std::min(end + 1, jsonl.size()));
  }
  return metrics;
}

}  // namespace cloze
