#include <nlohmann/json.hpp>

#include "engine/observe/profile_text.h"

namespace cloze {
namespace {

using Json = nlohmann::ordered_json;

Json rows_json(const Profile& profile, GroupBy by, double step) {
  Json rows = Json::array();
  for (const ProfileRow& row : profile_rows(profile, by)) {
    rows.push_back({{"name", row.name},
                    {"work", name_of(row.work)},
                    {"launches", row.launches},
                    {"seconds", row.seconds},
                    {"share", row.seconds / step},
                    {"flops", row.flops},
                    {"bytes", row.bytes},
                    {"flops_per_second", row.flops_per_second()},
                    {"bytes_per_second", row.bytes_per_second()},
                    {"share_of_matmul_peak", row.flops_per_second() / profile.ceilings.matmul_flops},
                    {"share_of_copy_bandwidth", row.bytes_per_second() / profile.ceilings.copy_bytes},
                    {"flops_per_byte", row.intensity()}});
    if (by == GroupBy::layer) rows.back().erase("work");
  }
  return rows;
}

Json steps_json(const Profile& profile) {
  Json steps = Json::array();
  for (const ProfiledStep& step : profile.steps) {
    steps.push_back({{"seconds", step.end - step.batch_ready},
                     {"seconds_without_timing", step.plain_seconds},
                     {"waiting_seconds", step.batch_ready - step.begin},
                     {"tokens", step.counts.tokens},
                     {"sequences", step.counts.sequences},
                     {"predictions", step.counts.predictions},
                     {"micro_batches", step.runs.size()}});
  }
  return steps;
}

}  // namespace

std::string profile_json(const Profile& profile) {
  const StepTimes times = step_times(profile);
  Json programs = Json::array();
  for (const ProfiledProgram& program : profile.programs)
    programs.push_back({{"name", program.name}, {"launches", program.graph->nodes().size()}});
  const Json document{{"format", "cloze profile 1"},
                      {"title", profile.title},
                      {"machine", profile.machine},
                      {"timing", profile.timing},
                      {"ceilings",
                       {{"matmul_flops_per_second", profile.ceilings.matmul_flops},
                        {"copy_bytes_per_second", profile.ceilings.copy_bytes}}},
                      {"means_of_a_step",
                       {{"seconds", times.step},
                        {"launch_seconds", times.launches},
                        {"input_seconds", times.inputs},
                        {"other_seconds", times.rest},
                        {"waiting_seconds", times.waiting},
                        {"useful_flops", profile.useful_flops / static_cast<double>(profile.steps.size())}}},
                      {"median_seconds", median_step_seconds(profile)},
                      {"median_seconds_without_timing", median_plain_seconds(profile)},
                      {"ops", rows_json(profile, GroupBy::op, times.step)},
                      {"layers", rows_json(profile, GroupBy::layer, times.step)},
                      {"launches", rows_json(profile, GroupBy::launch, times.step)},
                      {"programs", programs},
                      {"steps", steps_json(profile)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cloze
