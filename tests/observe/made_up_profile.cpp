#include "tests/observe/made_up_profile.h"

#include "engine/ops/activation.h"
#include "engine/ops/attention.h"
#include "engine/ops/linear.h"
#include "engine/ops/rows.h"

namespace cloze::testing {
namespace {

std::shared_ptr<const Graph> four_nodes() {
  auto graph = std::make_shared<Graph>();
  const ValueId x = graph->add_input("x", {DType::f32, 100, 10, Axis::tokens});
  const ValueId weight = graph->add_input("w", {DType::f32, 30, 10});
  const ValueId offsets = graph->add_input("offsets", {DType::i32, 1, 3});
  const ValueId index = graph->add_input("index", {DType::i32, 5, 1});
  graph->set_scope("encoder.layer.0.attention");
  const ValueId projected = linear(*graph, x, weight, no_value);
  graph->set_scope("encoder.layer.0.feed_forward");
  const ValueId activated = activation(*graph, projected, Activation::gelu_tanh);
  graph->set_scope("encoder.layer.1.attention");
  graph->set_phase(Phase::backward);
  const ValueId context =
      attention(*graph, {.query = activated, .query_offsets = offsets, .key_offsets = offsets}, {.heads = 2});
  graph->set_scope("<last>");
  graph->set_phase(Phase::update);
  gather_rows(*graph, context, index);
  return graph;
}

ProfiledStep step_of(double begin, double slowness) {
  ProfiledStep step{.begin = begin, .batch_ready = begin + 0.5e-3};
  ProfiledRun run{.begin = step.batch_ready};
  run.counts.rows[static_cast<size_t>(Axis::tokens)] = 50;
  run.counts.keys_per_query = 25;
  double at = run.begin + 1e-3;
  for (const double milliseconds : {4.0, 2.0, 1.0, 1.0}) {
    const double end = at + milliseconds * slowness * 1e-3;
    run.launches.push_back({at, end});
    at = end;
  }
  run.end = step.end = at + 1e-3;
  step.runs.push_back(run);
  step.counts = {.tokens = 50, .sequences = 2, .predictions = 5, .squared_lengths = 1250};
  step.plain_seconds = 9e-3 * slowness;
  return step;
}

}  // namespace

Profile made_up_profile() {
  return {.title = "a <made-up> profile",
          .machine = "a machine",
          .programs = {{.name = "the only program", .graph = four_nodes()}},
          .steps = {step_of(100, 1), step_of(101, 2)},
          .useful_flops = 60000,
          .ceilings = {.matmul_flops = 1e6, .copy_bytes = 1e6}};
}

}  // namespace cloze::testing
