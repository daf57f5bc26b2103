#include "engine/ops/sharded_update.h"
#include "engine/passes/gradients.h"
#include "engine/passes/passes.h"

namespace cloze {

void append_update(Graph& graph, const PassOptions& options) {
  if (!options.micro_batch.last) return;
  std::vector<ValueId> gradients;
  for (const ReadyGradient& gradient : final_gradients(graph)) gradients.push_back(gradient.value);
  const Reduction& reduction = options.reduction;
  const bool sharded = reduction.communicator != nullptr && reduction.shard_update;
  UpdateAttributes update = options.update;
  update.compute_copy = keeps_compute_copy(options.target.precision);
  const UpdateResults results =
      sharded ? update_shards(graph, gradients,
                              {.communicator = reduction.communicator,
                               .buckets = reduction.buckets,
                               .elements = options.parameter_elements,
                               .scalars = options.update_scalars,
                               .attributes = update})
              : update_parameters(graph, gradients, options.parameter_elements,
                                  graph.type(gradients.at(0)).dtype, options.update_scalars, update);
  graph.mark_result("gradient_norm", results.norm);
  graph.mark_result("skipped", results.skipped);
}

}  // namespace cloze
