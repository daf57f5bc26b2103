#include "engine/observe/line_chart.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/observe/markup.h"

namespace cloze {
namespace {

constexpr double width = 480, height = 290, left = 58, right = 12, top = 12, bottom = 34;
constexpr size_t most_points = 300;

// From data to coordinates.
class Axes {
 public:
  explicit Axes(const LineChart& chart) : logarithmic_(chart.logarithmic) {
    double least = std::numeric_limits<double>::infinity(), most = -least;
    const auto include = [&](double value) {
      if (logarithmic_ && value <= 0) logarithmic_ = false;
      least = std::min(least, value);
      most = std::max(most, value);
    };
    for (const ChartLine& line : chart.lines) {
      for (const MetricPoint& point : line.points) {
        include(point.value);
        last_step_ = std::max(last_step_, static_cast<double>(point.step));
      }
    }
    for (const ChartLevel& level : chart.levels) include(level.value);
    if (logarithmic_) least = std::log10(least), most = std::log10(most);
    const double margin = most > least ? 0.04 * (most - least) : std::max(std::abs(most), 1.0) * 0.1;
    least_ = least >= 0 && least - margin < 0 && !logarithmic_ ? 0 : least - margin;
    most_ = most + margin;
  }
  double x(double step) const { return left + step / last_step_ * (width - left - right); }
  double y(double value) const {
    const double at = logarithmic_ ? std::log10(value) : value;
    return height - bottom - (at - least_) / (most_ - least_) * (height - top - bottom);
  }
  std::vector<double> x_ticks() const { return linear_ticks(0, last_step_, 5); }
  std::vector<double> y_ticks() const {
    if (!logarithmic_) return linear_ticks(least_, most_, 5);
    const double from = std::pow(10, least_), to = std::pow(10, most_);
    return log_ticks(from, to);
  }

 private:
  bool logarithmic_;
  double last_step_ = 1, least_ = 0, most_ = 1;
};

std::string grid(const Axes& axes) {
  std::string svg;
  for (const double tick : axes.y_ticks()) {
    const std::string y = coordinate(axes.y(tick));
    svg += fmt::format("<line class='grid' x1='{}' y1='{}' x2='{}' y2='{}'/>", coordinate(left), y,
                       coordinate(width - right), y);
    svg += fmt::format("<text class='tick' x='{}' y='{}' text-anchor='end'>{}</text>", coordinate(left - 6),
                       coordinate(axes.y(tick) + 4), tick_label(tick));
  }
  for (const double tick : axes.x_ticks()) {
    svg += fmt::format("<text class='tick' x='{}' y='{}' text-anchor='middle'>{}</text>",
                       coordinate(std::min(axes.x(tick), width - right - 8)),
                       coordinate(height - bottom + 16), tick_label(tick));
  }
  return svg + fmt::format("<text class='tick' x='{}' y='{}' text-anchor='middle'>step</text>\n",
                           coordinate((left + width - right) / 2), coordinate(height - 3));
}

std::string drawn(const ChartLine& line, const Axes& axes) {
  const std::vector<Stretch> points = stretches(line.points, most_points);
  std::string path, there, back, svg;
  for (const Stretch& point : points) {
    const std::string x = coordinate(axes.x(point.step));
    path += fmt::format("{},{} ", x, coordinate(axes.y(point.mean)));
    there += fmt::format("{},{} ", x, coordinate(axes.y(point.most)));
    back.insert(0, fmt::format("{},{} ", x, coordinate(axes.y(point.least))));
  }
  if (points.size() < line.points.size())
    svg += fmt::format("<polygon class='band c{}' points='{}{}'/>", line.colour, there, back);
  svg += fmt::format("<polyline class='line c{}{}' points='{}'/>\n", line.colour,
                     line.marked ? " marked" : "", path);
  if (!line.marked && points.size() > 1) return svg;
  for (const Stretch& point : points) {
    svg += fmt::format(
        "<circle class='dot c{}' cx='{}' cy='{}' r='2.6'><title>step {:.0f}: {:.5g}</title></circle>",
        line.colour, coordinate(axes.x(point.step)), coordinate(axes.y(point.mean)), point.step, point.mean);
  }
  return svg + "\n";
}

// An entry per curve, or per run where there are several.
std::string legend(const LineChart& chart) {
  std::string html = "<ul class='legend'>";
  for (size_t i = 0; i < chart.lines.size();) {
    const ChartLine& line = chart.lines[i];
    html += fmt::format("<li><span class='key c{}{}'></span>", line.colour,
                        line.marked && line.run.empty() ? " marked" : "");
    if (!line.run.empty()) html += escaped(line.run) + ": ";
    const size_t first = i;
    do {
      html += fmt::format("{}{} {:.5g}", i == first ? "" : ", ", escaped(chart.lines[i].name),
                          chart.lines[i].points.back().value);
      ++i;
    } while (!line.run.empty() && i < chart.lines.size() && chart.lines[i].run == line.run);
    html += "</li>";
  }
  return html + "</ul>";
}

// Names stand on their lines; where two would lie on each other, the first one's alone.
std::string drawn(const std::vector<ChartLevel>& levels, const Axes& axes) {
  constexpr double line_height = 13;
  std::string svg;
  std::vector<double> named;
  for (const ChartLevel& level : levels) {
    const double y = axes.y(level.value), text_y = y - 4 < top + 10 ? y + line_height : y - 4;
    svg += fmt::format("<line class='level' x1='{}' y1='{}' x2='{}' y2='{}'><title>{}: {:.5g}</title></line>",
                       coordinate(left), coordinate(y), coordinate(width - right), coordinate(y),
                       escaped(level.name), level.value);
    const bool free = std::none_of(named.begin(), named.end(),
                                   [&](double other) { return std::abs(other - text_y) < line_height; });
    if (!free) continue;
    named.push_back(text_y);
    svg += fmt::format("<text class='tick' x='{}' y='{}' text-anchor='end'>{}: {:.4g}</text>\n",
                       coordinate(width - right), coordinate(text_y), escaped(level.name), level.value);
  }
  return svg;
}

}  // namespace

std::vector<Stretch> stretches(const Series& series, size_t count) {
  std::vector<Stretch> result;
  if (series.size() <= count) {
    for (const MetricPoint& point : series)
      result.push_back({static_cast<double>(point.step), point.value, point.value, point.value});
    return result;
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t begin = series.size() * i / count, end = series.size() * (i + 1) / count;
    Stretch stretch{.least = series[begin].value, .most = series[begin].value};
    for (size_t at = begin; at < end; ++at) {
      stretch.step += static_cast<double>(series[at].step) / static_cast<double>(end - begin);
      stretch.mean += series[at].value / static_cast<double>(end - begin);
      stretch.least = std::min(stretch.least, series[at].value);
      stretch.most = std::max(stretch.most, series[at].value);
    }
    result.push_back(stretch);
  }
  return result;
}

std::string figure(const LineChart& chart) {
  const Axes axes(chart);
  std::string html = fmt::format("<figure><figcaption>{}{}</figcaption>\n", escaped(chart.title),
                                 chart.unit.empty() ? "" : ", " + escaped(chart.unit));
  html += fmt::format("<svg viewBox='0 0 {:.0f} {:.0f}' role='img' aria-label='{}'>", width, height,
                      escaped(chart.title));
  html += grid(axes);
  for (const ChartLine& line : chart.lines) html += drawn(line, axes);
  html += drawn(chart.levels, axes);
  return html + "</svg>" + legend(chart) + "</figure>\n";
}

}  // namespace cloze
