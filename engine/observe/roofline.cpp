#include "engine/observe/roofline.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "engine/base/format.h"
#include "engine/observe/markup.h"

namespace cloze {
namespace {

constexpr double width = 960, height = 620, left = 92, right = 30, top = 64, bottom = 96;
constexpr double largest_radius = 34, letter_width = 7.3, line_height = 14;

constexpr const char* style = R"(<style>
svg { --paper: #ffffff; --ink: #1b1f24; --faint: #d5dae0; --quiet: #5c6670; --matmul: #1f6feb;
  --attention: #bf3989; --other: #9a6700; --roof: #1b1f24; font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #14181d; --ink: #e6e9ed; --faint: #2e353d;
  --quiet: #9aa5b1; --matmul: #58a6ff; --attention: #f778ba; --other: #e3b341; --roof: #e6e9ed; } }
text { fill: var(--ink); } .quiet { fill: var(--quiet); } .grid { stroke: var(--faint); }
.roof { stroke: var(--roof); stroke-width: 2; fill: none; } .lead { stroke: var(--quiet); stroke-width: 0.7; }
.matmul { fill: var(--matmul); } .attention { fill: var(--attention); } .other { fill: var(--other); }
circle { fill-opacity: 0.6; stroke: var(--paper); }
</style>
)";

struct Box {
  double x0, y0, x1, y1;
  bool meets(const Box& o) const { return x0 < o.x1 && o.x0 < x1 && y0 < o.y1 && o.y0 < y1; }
};

// Logarithmic axes that show all points and the ridge, in whole decades.
class Axes {
 public:
  Axes(const std::vector<ProfileRow>& points, const Ceilings& ceilings) {
    const double ridge = ceilings.matmul_flops / ceilings.copy_bytes;
    double x_least = ridge, x_most = ridge * 4, y_least = ceilings.matmul_flops, y_most = y_least;
    for (const ProfileRow& row : points) {
      x_least = std::min(x_least, row.intensity());
      x_most = std::max(x_most, row.intensity());
      y_least = std::min(y_least, row.flops_per_second());
      y_most = std::max(y_most, row.flops_per_second());
    }
    x0_ = std::floor(std::log10(x_least) - 0.15);
    x1_ = std::ceil(std::log10(x_most) + 0.15);
    y0_ = std::floor(std::log10(y_least) - 0.05);
    y1_ = std::ceil(std::log10(y_most) + 0.1);
  }
  double x(double intensity) const {
    return left + (std::log10(intensity) - x0_) / (x1_ - x0_) * (width - left - right);
  }
  double intensity(double x) const {
    return std::pow(10, x0_ + (x - left) / (width - left - right) * (x1_ - x0_));
  }
  double y(double flops) const {
    return height - bottom - (std::log10(flops) - y0_) / (y1_ - y0_) * (height - top - bottom);
  }
  std::vector<double> x_ticks() const { return decade_ticks(std::pow(10, x0_), std::pow(10, x1_)); }
  std::vector<double> y_ticks() const { return decade_ticks(std::pow(10, y0_), std::pow(10, y1_)); }
  double least_x() const { return std::pow(10, x0_); }
  double most_x() const { return std::pow(10, x1_); }
  double least_y() const { return std::pow(10, y0_); }

 private:
  double x0_, x1_, y0_, y1_;
};

std::string text_at(double x, double y, const char* anchor, const char* kind, std::string_view text) {
  return fmt::format("<text x='{}' y='{}' text-anchor='{}' class='{}'>{}</text>\n", coordinate(x),
                     coordinate(y), anchor, kind, escaped(text));
}

std::string grid(const Axes& axes) {
  std::string svg;
  for (const double tick : axes.x_ticks()) {
    const double x = axes.x(tick);
    svg += fmt::format("<line class='grid' x1='{0}' y1='{1}' x2='{0}' y2='{2}'/>\n", coordinate(x),
                       coordinate(top), coordinate(height - bottom));
    svg += text_at(x, height - bottom + 18, "middle", "quiet", tick_label(tick));
  }
  for (const double tick : axes.y_ticks()) {
    const double y = axes.y(tick);
    svg += fmt::format("<line class='grid' x1='{0}' y1='{2}' x2='{1}' y2='{2}'/>\n", coordinate(left),
                       coordinate(width - right), coordinate(y));
    svg += text_at(left - 8, y + 4, "end", "quiet", tick_label(tick));
  }
  svg += text_at((left + width - right) / 2, height - bottom + 38, "middle", "", "FLOP per byte moved");
  svg += fmt::format(
      "<text transform='translate(20 {}) rotate(-90)' text-anchor='middle'>FLOP per second</text>\n",
      coordinate((top + height - bottom) / 2));
  return svg;
}

std::string roof(const Axes& axes, const Ceilings& ceilings) {
  const double ridge = ceilings.matmul_flops / ceilings.copy_bytes;
  const double start = std::max(axes.least_x(), axes.least_y() / ceilings.copy_bytes);
  const double x0 = axes.x(start), y0 = axes.y(start * ceilings.copy_bytes);
  const double x1 = axes.x(ridge), y1 = axes.y(ceilings.matmul_flops), x2 = axes.x(axes.most_x());
  const double angle = std::atan2(y1 - y0, x1 - x0) * 180 / 3.14159265358979;
  std::string svg =
      fmt::format("<polyline class='roof' points='{},{} {},{} {},{}'/>\n", coordinate(x0), coordinate(y0),
                  coordinate(x1), coordinate(y1), coordinate(x2), coordinate(y1));
  svg += text_at(x2 - 4, y1 - 10, "end", "",
                 fmt::format("matrix products: {}FLOP/s", human_count(ceilings.matmul_flops)));
  svg += fmt::format(
      "<text transform='translate({} {}) rotate({}) translate(0 -8)' text-anchor='middle'>copying memory: "
      "{}B/s</text>\n",
      coordinate(x0 + 0.6 * (x1 - x0)), coordinate(y0 + 0.6 * (y1 - y0)), coordinate(angle),
      human_count(ceilings.copy_bytes));
  return svg;
}

// Beside the circle, in the first of some places that is free.
struct Label {
  double x, y;  // left end of the base line
  Box box;
};
Label place_label(double x, double y, double radius, double length, std::vector<Box>& taken) {
  const auto at = [&](double from, double base) {
    return Label{from, base, {from, base - line_height + 3, from + length, base + 3}};
  };
  const auto free = [&](const Label& label) {
    const bool inside = label.box.x0 >= left && label.box.x1 <= width - 4 && label.box.y0 >= top &&
                        label.box.y1 <= height - bottom;
    return inside &&
           std::none_of(taken.begin(), taken.end(), [&](const Box& b) { return b.meets(label.box); });
  };
  for (double away = 0; away < 260; away += line_height / 2) {
    for (const double down : {away, -away}) {
      for (const double from : {x + radius + 5, x - radius - 5 - length, x - length / 2}) {
        const bool above_or_below = from == x - length / 2;
        const double base = y + 4 + down + (above_or_below ? std::copysign(radius + 8, down) : 0);
        if (const Label label = at(from, base); free(label)) {
          taken.push_back(label.box);
          return label;
        }
      }
    }
  }
  return at(x + radius + 5, y + 4);
}

double radius_of(double share) {
  return std::max(3.5, largest_radius * std::sqrt(share));
}

// Boxes along the roof and around its names, which labels keep clear of.
std::vector<Box> boxes_of_roof(const Axes& axes, const Ceilings& ceilings) {
  constexpr double near = 5, name_height = 30, name_length = 240;
  std::vector<Box> boxes;
  for (double x = left; x < width - right; x += near) {
    const double intensity = axes.intensity(x);
    const double y = axes.y(std::min(ceilings.matmul_flops, intensity * ceilings.copy_bytes));
    const bool slope = intensity * ceilings.copy_bytes < ceilings.matmul_flops;  // its name stands above it
    boxes.push_back({x - near, y - (slope ? 5 : 1) * near, x + near, y + near});
  }
  const double roof = axes.y(ceilings.matmul_flops);
  boxes.push_back({width - right - name_length, roof - name_height, width - right, roof});
  return boxes;
}

std::string circles(const std::vector<ProfileRow>& points, const Axes& axes, double seconds,
                    std::vector<Box> taken) {
  std::string svg, labels;
  for (const ProfileRow& row : points) {
    const double x = axes.x(row.intensity()), y = axes.y(row.flops_per_second());
    const double r = radius_of(row.seconds / seconds) * 0.8;
    taken.push_back({x - r, y - r, x + r, y + r});
  }
  for (const ProfileRow& row : points) {
    const double share = row.seconds / seconds, radius = radius_of(share);
    const double x = axes.x(row.intensity()), y = axes.y(row.flops_per_second());
    const std::string name = fmt::format("{} {:.1f} %", row.name, 100 * share);
    svg += fmt::format(
        "<circle class='{}' cx='{}' cy='{}' r='{}'><title>{}: {} a step, {}FLOP/s, {}B/s</title>"
        "</circle>\n",
        name_of(row.work), coordinate(x), coordinate(y), coordinate(radius), escaped(name),
        human_duration(row.seconds), human_count(row.flops_per_second()),
        human_count(row.bytes_per_second()));
    const Label label = place_label(x, y, radius, letter_width * static_cast<double>(name.size()), taken);
    const double near_x = std::clamp(x, label.box.x0, label.box.x1), near_y = label.y - 4;
    if (std::hypot(near_x - x, near_y - y) > radius + 12)
      labels += fmt::format("<line class='lead' x1='{}' y1='{}' x2='{}' y2='{}'/>\n", coordinate(x),
                            coordinate(y), coordinate(near_x), coordinate(near_y));
    labels += text_at(label.x, label.y, "start", "", name);
  }
  return svg + labels;
}

std::string legend() {
  std::string svg;
  double x = left;
  for (const auto& [work, name] : {std::pair(Work::matmul, "dense layers"),
                                   {Work::attention, "attention"},
                                   {Work::other, "everything else"}}) {
    svg += fmt::format("<circle class='{}' cx='{}' cy='44' r='6'/>\n", name_of(work), coordinate(x + 6));
    svg += text_at(x + 18, 48, "start", "quiet", name);
    x += 40 + letter_width * static_cast<double>(std::string_view(name).size());
  }
  return svg + text_at(x, 48, "start", "quiet", "area: share of the time in launches");
}

}  // namespace

std::string roofline_svg(const std::vector<ProfileRow>& ops, const Ceilings& ceilings,
                         const std::string& title) {
  std::vector<ProfileRow> points;
  std::string left_out;
  for (const ProfileRow& row : ops) {
    if (row.flops > 0 && row.bytes > 0 && row.seconds > 0)
      points.push_back(row);
    else if (row.bytes > 0)
      left_out += (left_out.empty() ? "" : ", ") + row.name;
  }
  const double seconds = total_of(ops, "").seconds;
  const Axes axes(points, ceilings);
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0:.0f} {1:.0f}' role='img'>\n<title>Roofline: "
      "{2}</title>\n{3}<rect width='{0:.0f}' height='{1:.0f}' style='fill: var(--paper)'/>\n",
      width, height, escaped(title), style);
  svg += fmt::format("<text x='{}' y='24' style='font-weight: 600'>Roofline: {}</text>\n", coordinate(left),
                     escaped(title));
  svg += legend() + grid(axes) + roof(axes, ceilings) +
         circles(points, axes, seconds, boxes_of_roof(axes, ceilings));
  if (!left_out.empty())
    svg += text_at(left, height - 16, "start", "quiet", "Not shown, as they compute nothing: " + left_out);
  return svg + "</svg>\n";
}

}  // namespace cloze
