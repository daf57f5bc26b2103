#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "engine/base/error.h"
#include "engine/base/format.h"
#include "engine/config/config.h"
#include "engine/observe/line_chart.h"
#include "engine/observe/markup.h"
#include "engine/observe/report_parts.h"
#include "engine/train/pretrain_options.h"

namespace cloze {
namespace {

std::optional<double> last(const RunRecord& run, const char* series) {
  const Series* found = run.metrics.find(series);
  return found == nullptr ? std::nullopt : std::optional(found->back().value);
}

std::optional<double> least(const RunRecord& run, const char* series) {
  const Series* found = run.metrics.find(series);
  if (found == nullptr) return std::nullopt;
  return std::min_element(found->begin(), found->end(),
                          [](const MetricPoint& a, const MetricPoint& b) { return a.value < b.value; })
      ->value;
}

std::optional<double> mean(const RunRecord& run, const char* series) {
  const Series* found = run.metrics.find(series);
  if (found == nullptr) return std::nullopt;
  double sum = 0;
  for (const MetricPoint& point : *found) sum += point.value;
  return sum / static_cast<double>(found->size());
}

using Cell = std::optional<std::string>;

Cell number(std::optional<double> value, const char* format = "{:.4f}") {
  return value ? Cell(fmt::format(fmt::runtime(format), *value)) : std::nullopt;
}
// Nothing for an accuracy of exactly 0: a run without that objective records it so.
Cell share(std::optional<double> value) {
  return value && *value > 0 ? Cell(human_percent(*value)) : std::nullopt;
}

struct Column {
  std::string title;
  std::function<Cell(const RunRecord&)> cell;
};

std::vector<Column> known_columns() {
  const auto steps = [](const RunRecord& run) -> Cell {
    int64_t most = -1;
    for (const auto& [name, series] : run.metrics.series)
      if (!series.empty()) most = std::max(most, series.back().step);
    return most < 0 ? Cell("none yet") : Cell(std::to_string(most));
  };
  const auto time = [](const RunRecord& run) -> Cell {
    const double seconds = run.metrics.last_time - run.metrics.first_time;
    return seconds > 0 ? Cell(human_duration(seconds)) : std::nullopt;
  };
  const auto floor = [](const RunRecord& run) {
    return run.floor ? number(run.floor->told, "{:.3f}") : Cell();
  };
  return {
      {"steps", steps},
      {"training loss", [](const RunRecord& r) { return number(last(r, "train/loss")); }},
      {"validation loss on [MASK]",
       [](const RunRecord& r) { return number(last(r, "eval/mask_token_loss")); }},
      {"best", [](const RunRecord& r) { return number(least(r, "eval/mask_token_loss")); }},
      {"word frequencies alone", [](const RunRecord& r) { return number(last(r, "eval/unigram_baseline")); }},
      {"exact floor", floor},
      {"masked-LM accuracy",
       [](const RunRecord& r) { return share(last(r, "eval/masked_language_accuracy")); }},
      {"next sentence", [](const RunRecord& r) { return share(last(r, "eval/next_sentence_accuracy")); }},
      {"tokens/s",
       [](const RunRecord& r) -> Cell {
         const auto rate = mean(r, "train/tokens_per_second");
         return rate ? Cell(human_count(*rate)) : std::nullopt;
       }},
      {"first to last record", time},
      {"parameters",
       [](const RunRecord& r) -> Cell {
         return r.facts ? Cell(human_count(static_cast<double>(r.facts->parameters))) : std::nullopt;
       }},
  };
}

// With a column for every number of any eval_results.txt.
std::vector<Column> columns_for(const std::vector<ReportedRun>& runs) {
  std::vector<Column> columns = known_columns();
  std::set<std::string> results;
  for (const ReportedRun& run : runs) {
    for (const auto& [name, value] : run.record.results) {
      if (name.starts_with("eval_")) results.insert(name);
    }
  }
  for (const std::string& name : results) {
    columns.push_back({name, [name](const RunRecord& run) {
                         const auto found = run.results.find(name);
                         return found == run.results.end() ? Cell() : number(found->second);
                       }});
  }
  return columns;
}

// A configuration of fine-tuning, or of another version of Cloze, is not compared.
std::optional<PretrainOptions> options_of(const RunRecord& run) {
  if (!run.pretraining()) return std::nullopt;
  try {
    return config::read_text<PretrainOptions>(run.config_yaml, "config.yaml", {}, run.folder);
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

}  // namespace

std::string run_heading(const RunRecord& run, size_t index) {
  return fmt::format("<span class='key c{}'></span><span class='name' title='{}'>{}</span>",
                     index % chart_colours, escaped(run.folder.string()), escaped(run.name));
}

std::string comparison_table(const std::vector<ReportedRun>& runs) {
  std::string head = "<tr><th>run</th>";
  std::vector<std::string> rows(runs.size());
  for (const Column& column : columns_for(runs)) {
    std::vector<Cell> cells;
    for (const ReportedRun& run : runs) cells.push_back(column.cell(run.record));
    if (std::none_of(cells.begin(), cells.end(), [](const Cell& cell) { return cell.has_value(); })) continue;
    head += fmt::format("<th class='number'>{}</th>", escaped(column.title));
    for (size_t i = 0; i < runs.size(); ++i)
      rows[i] += fmt::format("<td class='number'>{}</td>", escaped(cells[i].value_or("")));
  }
  std::string html = "<div class='wide'><table class='runs'>\n" + head + "</tr>\n";
  for (size_t i = 0; i < runs.size(); ++i)
    html += fmt::format("<tr><td>{}</td>{}</tr>\n", run_heading(runs[i].record, i), rows[i]);
  return html + "</table></div>\n";
}

std::string differences_table(const std::vector<ReportedRun>& runs) {
  std::vector<std::pair<size_t, PretrainOptions>> compared;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (const auto options = options_of(runs[i].record)) compared.emplace_back(i, *options);
  }
  if (compared.size() < 2) return "";
  std::map<std::string, std::map<size_t, std::string>> rows;  // by key, then by run
  for (size_t i = 1; i < compared.size(); ++i) {
    for (const Difference& difference : config::differences(compared[0].second, compared[i].second)) {
      if (difference.key == "output") continue;
      rows[difference.key][compared[0].first] = difference.before;
      rows[difference.key][compared[i].first] = difference.after;
    }
  }
  if (rows.empty()) return "<p class='quiet'>The configurations are the same but for the output.</p>\n";
  std::string html = "<h2>Where the configurations differ</h2>\n<div class='wide'><table>\n<tr><th>key</th>";
  for (const auto& [run, options] : compared)
    html += fmt::format("<th>{}</th>", run_heading(runs[run].record, run));
  html += "</tr>\n";
  for (const auto& [key, values] : rows) {
    html += fmt::format("<tr><td>{}</td>", escaped(key));
    for (const auto& [run, options] : compared) {
      const auto value = values.find(run);  // not there: as the first run has it
      html += fmt::format("<td>{}</td>",
                          escaped(value != values.end() ? value->second : values.at(compared[0].first)));
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace cloze
