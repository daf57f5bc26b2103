#include "engine/ops/collective.h"
#include "engine/ops/quantize.h"
#include "engine/passes/passes.h"
#include "kernels/quantize/scaling.h"

// In a run of FP8, what the largest magnitudes of this step, over all micro-batches and processes, make of
// the scales of the next.
namespace cloze {
namespace {

// The values that stand in the state in the end: those that no node overwrites.
std::vector<ValueId> final_maxima(const Graph& graph) {
  std::vector<char> overwritten(graph.value_count());
  std::vector<ValueId> maxima;
  for (const Node& node : graph.nodes()) {
    for (const Alias& alias : node.op->aliases())
      if (alias.required)
        overwritten[static_cast<size_t>(node.inputs[static_cast<size_t>(alias.input)].index)] = 1;
    for (const ValueId output : node.outputs)
      if (graph.value(output).home.memory == Memory::state) maxima.push_back(output);
  }
  std::erase_if(maxima, [&](ValueId id) { return overwritten[static_cast<size_t>(id.index)] != 0; });
  return maxima;
}

}  // namespace

void update_scaling(Graph& graph, const PassOptions& options) {
  if (!options.micro_batch.last || !multiplies_float8(options.target.precision)) return;
  const std::vector<ValueId> raised = final_maxima(graph);
  if (raised.empty()) return;
  const Home home{Memory::state, 0};
  const ValueId scaling = graph.add_resident(
      "scaling", {graph.type(raised[0]).dtype, options.scaling.tensors(), scaling_columns::count}, home);
  const std::shared_ptr<Communicator>& communicator = options.reduction.communicator;
  std::vector<ValueId> inputs{scaling};
  inputs.insert(inputs.end(), raised.begin(), raised.end());
  graph.set_scope("scaling");
  graph.set_phase(Phase::update);
  ValueId maxima = graph.add(std::make_shared<CollectMaximaOp>(), inputs)[0];
  if (communicator != nullptr) maxima = graph.add(std::make_shared<GatherSumsOp>(communicator), {maxima})[0];
  const int64_t processes = communicator != nullptr ? communicator->size() : 1;
  const ValueId updated = graph.add(std::make_shared<UpdateScalingOp>(processes), {scaling, maxima})[0];
  graph.set_home(updated, home);
  graph.set_scope("");
  graph.set_phase(Phase::forward);
}

}  // namespace cloze
