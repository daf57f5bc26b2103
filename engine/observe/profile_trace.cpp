#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/observe/profile_text.h"

namespace cloze {
namespace {

using Json = nlohmann::ordered_json;

// Spans of one thread; what lies within another in time is shown below it.
class Trace {
 public:
  explicit Trace(double origin) : origin_(origin) {}

  void name_process(const std::string& name) {
    for (const char* what : {"process_name", "thread_name"})
      events_.push_back({{"name", what},
                         {"ph", "M"},
                         {"pid", 1},
                         {"tid", 1},
                         {"args", {{"name", std::string(what) == "process_name" ? name : "training"}}}});
  }
  void span(std::string name, const char* category, double begin, double end, Json arguments = {}) {
    const double from = microseconds(begin), to = microseconds(end);
    events_.push_back({{"name", std::move(name)},
                       {"cat", category},
                       {"ph", "X"},
                       {"ts", from},
                       {"dur", to - from},
                       {"pid", 1},
                       {"tid", 1}});
    if (!arguments.empty()) events_.back()["args"] = std::move(arguments);
  }
  std::string text() const {
    return Json{{"traceEvents", events_}, {"displayTimeUnit", "ms"}}.dump(-1, ' ', false,
                                                                          Json::error_handler_t::replace) +
           "\n";
  }

 private:
  // Whole nanoseconds, so that a span ends no later than the one around it.
  double microseconds(double seconds) const { return std::round((seconds - origin_) * 1e9) / 1e3; }

  double origin_;
  Json events_ = Json::array();
};

Json launch_arguments(const Graph& graph, const Node& node, const LiveCounts& counts) {
  const Cost cost = live_cost(graph, node, counts);
  Json arguments{{"scope", node.scope}, {"flops", cost.flops + cost.scalar_flops}, {"bytes", cost.bytes}};
  if (!node.outputs.empty()) arguments["output"] = to_string(graph.type(node.outputs[0]));
  if (const std::string attributes = node.op->attributes(); !attributes.empty())
    arguments["attributes"] = attributes;
  return arguments;
}

// One span for every stretch of launches of one phase with the same `name_of(node)`.
template <typename NameOf>
void stretches(Trace& trace, const char* category, const std::vector<Node>& nodes, const ProfiledRun& run,
               const NameOf& name_of) {
  for (size_t first = 0; first < nodes.size();) {
    size_t last = first;
    while (last + 1 < nodes.size() && nodes[last + 1].phase == nodes[first].phase &&
           name_of(nodes[last + 1]) == name_of(nodes[first]))
      ++last;
    trace.span(std::string(name_of(nodes[first])), category, run.launches[first].begin,
               run.launches[last].end);
    first = last + 1;
  }
}

void add_run(Trace& trace, const ProfiledProgram& program, const ProfiledRun& run) {
  const std::vector<Node>& nodes = program.graph->nodes();
  trace.span("micro-batch", "micro-batch", run.begin, run.end, {{"program", program.name}});
  if (nodes.empty()) return;
  trace.span("step inputs", "host", run.begin, run.launches.front().begin);
  stretches(trace, "phase", nodes, run,
            [](const Node& node) { return std::string_view(name_of(node.phase)); });
  stretches(trace, "layer", nodes, run, [](const Node& node) { return layer_of(node.scope); });
  for (size_t i = 0; i < nodes.size(); ++i) {
    trace.span(std::string(nodes[i].op->name()), "op", run.launches[i].begin, run.launches[i].end,
               launch_arguments(*program.graph, nodes[i], run.counts));
  }
  trace.span("metrics", "host", run.launches.back().end, run.end);
}

}  // namespace

std::string profile_trace(const Profile& profile) {
  Trace trace(profile.steps.empty() ? 0 : profile.steps.front().begin);
  trace.name_process("cloze: " + profile.title);
  for (size_t i = 0; i < profile.steps.size(); ++i) {
    const ProfiledStep& step = profile.steps[i];
    trace.span("waiting for the batch", "host", step.begin, step.batch_ready);
    trace.span(fmt::format("step {}", i + 1), "step", step.batch_ready, step.end,
               {{"tokens", step.counts.tokens}, {"seconds without timing", step.plain_seconds}});
    for (const ProfiledRun& run : step.runs) add_run(trace, profile.programs[run.program], run);
  }
  return trace.text();
}

}  // namespace cloze
