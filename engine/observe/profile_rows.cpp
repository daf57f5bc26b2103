#include "engine/observe/profile_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace cloze {
namespace {

// One launch of a program, over all the times it ran.
struct LaunchSum {
  double launches = 0, seconds = 0;
  Cost cost;
};

// sums[program][node]
std::vector<std::vector<LaunchSum>> launch_sums(const Profile& profile) {
  std::vector<std::vector<LaunchSum>> sums;
  for (const ProfiledProgram& program : profile.programs) sums.emplace_back(program.graph->nodes().size());
  for (const ProfiledStep& step : profile.steps) {
    for (const ProfiledRun& run : step.runs) {
      const Graph& graph = *profile.programs[run.program].graph;
      for (size_t node = 0; node < run.launches.size(); ++node) {
        const Cost cost = live_cost(graph, graph.nodes()[node], run.counts);
        LaunchSum& sum = sums[run.program][node];
        sum.launches += 1;
        sum.seconds += run.launches[node].seconds();
        sum.cost.flops += cost.flops;
        sum.cost.scalar_flops += cost.scalar_flops;
        sum.cost.bytes += cost.bytes;
      }
    }
  }
  return sums;
}

// "a12 linear, backward of encoder.layer.3.attention": letters tell programs apart where there are several.
std::string launch_name(size_t programs, size_t program, size_t index, const Node& node) {
  const std::string letter = programs > 1 ? std::string(1, static_cast<char>('a' + program % 26)) : "";
  return fmt::format("{}{:<3} {}, {} of {}", letter, index, node.op->name(), name_of(node.phase), node.scope);
}

std::string row_name(GroupBy by, size_t programs, size_t program, size_t index, const Node& node) {
  switch (by) {
    case GroupBy::op:
      return std::string(node.op->name());
    case GroupBy::layer:
      return std::string(layer_of(node.scope));
    case GroupBy::launch:
      break;
  }
  return launch_name(programs, program, index, node);
}

void add(ProfileRow& row, const LaunchSum& sum, double steps) {
  row.launches += sum.launches / steps;
  row.seconds += sum.seconds / steps;
  row.flops += (sum.cost.flops + sum.cost.scalar_flops) / steps;
  row.bytes += sum.cost.bytes / steps;
}

}  // namespace

const char* name_of(Work work) {
  switch (work) {
    case Work::matmul:
      return "matmul";
    case Work::attention:
      return "attention";
    case Work::other:
      return "other";
  }
  return "?";
}

Work work_of(const Graph& graph, const Node& node) {
  if (pairs_rows(graph, node)) return Work::attention;
  return capacity_cost(graph, node).flops > 0 ? Work::matmul : Work::other;
}

std::string_view layer_of(std::string_view scope) {
  constexpr std::string_view prefix = "encoder.layer.";
  if (!scope.starts_with(prefix)) return scope;
  return scope.substr(0, scope.find('.', prefix.size()));
}

std::vector<ProfileRow> profile_rows(const Profile& profile, GroupBy by) {
  const auto sums = launch_sums(profile);
  const double steps = std::max<double>(1, static_cast<double>(profile.steps.size()));
  std::vector<ProfileRow> rows;
  std::map<std::string, size_t> places;
  for (size_t program = 0; program < sums.size(); ++program) {
    const Graph& graph = *profile.programs[program].graph;
    const std::vector<Node>& nodes = graph.nodes();
    for (size_t index = 0; index < nodes.size(); ++index) {
      const std::string name = row_name(by, sums.size(), program, index, nodes[index]);
      const auto [place, is_new] = places.emplace(name, rows.size());
      if (is_new) rows.push_back({.name = name});
      ProfileRow& row = rows[place->second];
      if (by != GroupBy::layer) row.work = work_of(graph, nodes[index]);
      add(row, sums[program][index], steps);
    }
  }
  if (by != GroupBy::launch)
    std::stable_sort(rows.begin(), rows.end(),
                     [](const ProfileRow& a, const ProfileRow& b) { return a.seconds > b.seconds; });
  return rows;
}

ProfileRow total_of(const std::vector<ProfileRow>& rows, std::string name) {
  ProfileRow total{.name = std::move(name)};
  for (const ProfileRow& row : rows) {
    total.launches += row.launches;
    total.seconds += row.seconds;
    total.flops += row.flops;
    total.bytes += row.bytes;
  }
  return total;
}

StepTimes step_times(const Profile& profile) {
  StepTimes times;
  const double steps = std::max<double>(1, static_cast<double>(profile.steps.size()));
  for (const ProfiledStep& step : profile.steps) {
    times.step += (step.end - step.batch_ready) / steps;
    times.waiting += (step.batch_ready - step.begin) / steps;
    for (const ProfiledRun& run : step.runs) {
      if (!run.launches.empty()) times.inputs += (run.launches.front().begin - run.begin) / steps;
      for (const LaunchTime& launch : run.launches) times.launches += launch.seconds() / steps;
    }
  }
  times.rest = times.step - times.launches - times.inputs;
  return times;
}

}  // namespace cloze
