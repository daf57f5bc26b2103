#include <fmt/core.h>

#include <algorithm>

#include "engine/base/format.h"
#include "engine/observe/profile_text.h"

namespace cloze {
namespace {

constexpr const char* columns = "{:<{}} {:>8} {:>10} {:>7} {:>10} {:>8} {:>10} {:>8} {:>8}\n";

std::string percent(double fraction) {
  return fmt::format("{:.1f} %", 100 * fraction);
}

// Of what there is none, a dash.
std::string rate(double per_second) {
  return per_second > 0 ? human_count(per_second) : "-";
}

std::string table_line(const ProfileRow& row, const Profile& profile, double step, size_t width) {
  const double flops = row.flops_per_second(), bytes = row.bytes_per_second();
  return fmt::format(columns, row.name, width, fmt::format("{:.4g}", row.launches),
                     human_duration(row.seconds), percent(row.seconds / step), rate(flops),
                     flops > 0 ? percent(flops / profile.ceilings.matmul_flops) : "-", rate(bytes),
                     bytes > 0 ? percent(bytes / profile.ceilings.copy_bytes) : "-",
                     row.intensity() > 0 ? fmt::format("{:.3g}", row.intensity()) : "-");
}

std::vector<ProfileRow> of_work(const std::vector<ProfileRow>& rows, Work work) {
  std::vector<ProfileRow> some;
  for (const ProfileRow& row : rows) {
    if (row.work == work) some.push_back(row);
  }
  return some;
}

std::string totals(const Profile& profile, const StepTimes& times, size_t width) {
  const std::vector<ProfileRow> ops = profile_rows(profile, GroupBy::op);
  std::string text;
  for (const auto& [work, name] : {std::pair(Work::matmul, "dense layers (matmul)"),
                                   {Work::attention, "attention"},
                                   {Work::other, "outside matrix products"}}) {
    text += table_line(total_of(of_work(ops, work), name), profile, times.step, width);
  }
  const auto line = [&](const char* name, double seconds) {
    text += table_line({.name = name, .seconds = seconds}, profile, times.step, width);
  };
  line("copying step inputs", times.inputs);
  line("reading metrics, gaps", times.rest);
  ProfileRow step = total_of(ops, "the step");
  step.seconds = times.step;
  return text + table_line(step, profile, times.step, width);
}

std::string heading(const Profile& profile) {
  double tokens = 0;
  for (const ProfiledStep& step : profile.steps) tokens += static_cast<double>(step.counts.tokens);
  const auto steps = static_cast<double>(profile.steps.size());
  return fmt::format(
      "{}\n{}\ntimes: {}\n"
      "ceilings, measured in this run: matrix products {}FLOP/s, copying memory {}B/s (read and written)\n"
      "{} steps of {:.0f} tokens on average\n\n",
      profile.title, profile.machine, profile.timing, human_count(profile.ceilings.matmul_flops),
      human_count(profile.ceilings.copy_bytes), profile.steps.size(), tokens / std::max(steps, 1.0));
}

// Dense layers cannot be faster than the matmul library, by more than noise.
std::string doubt(const Profile& profile) {
  constexpr double noise = 1.05;
  const std::vector<ProfileRow> matmul = of_work(profile_rows(profile, GroupBy::op), Work::matmul);
  if (total_of(matmul, "").flops_per_second() <= noise * profile.ceilings.matmul_flops) return "";
  return "note: dense layers were faster than the matmul ceiling, which was measured too low: other programs "
         "ran. Measure again on a quiet machine\n";
}

// Useful work of the step, and what taking the times cost.
std::string closing(const Profile& profile, const StepTimes& times) {
  const double useful = profile.useful_flops / static_cast<double>(profile.steps.size());
  const double timed = median_step_seconds(profile), plain = median_plain_seconds(profile);
  return fmt::format(
      "useful work: {}FLOP a step, {}FLOP/s, {:.1f} % of the matmul ceiling\n"
      "median step: {} timed, {} without timing (ratio {:.3f}); waiting for a batch: {}\n{}",
      human_count(useful), human_count(useful / times.step),
      100 * useful / times.step / profile.ceilings.matmul_flops, human_duration(timed), human_duration(plain),
      timed / plain, human_duration(times.waiting), doubt(profile));
}

}  // namespace

std::string profile_table(const Profile& profile, GroupBy by) {
  const std::vector<ProfileRow> rows = profile_rows(profile, by);
  const StepTimes times = step_times(profile);
  size_t width = std::string_view("outside matrix products").size();
  for (const ProfileRow& row : rows) width = std::max(width, row.name.size());
  const char* what = by == GroupBy::op ? "op" : by == GroupBy::layer ? "layer" : "launch";
  const std::string head = fmt::format(columns, what, width, "launches", "a step", "share", "FLOP/s",
                                       "of peak", "B/s", "of copy", "FLOP/B");
  const std::string rule(head.size() - 1, '-');
  std::string text = heading(profile) + head + rule + "\n";
  for (const ProfileRow& row : rows) text += table_line(row, profile, times.step, width);
  return text + rule + "\n" + totals(profile, times, width) + "\n" + closing(profile, times);
}

}  // namespace cloze
