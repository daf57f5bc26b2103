#include "engine/passes/passes.h"

#include "engine/base/error.h"
#include "engine/graph/differentiate.h"
#include "engine/ops/elementwise.h"

namespace cloze {

const std::vector<Pass>& all_passes() {
  static const std::vector<Pass> passes{
      {"needed_rows", "compute only the rows of the last layer that a head reads", compute_needed_rows,
       false},
      {"order_attention", "on a GPU, take the longest sequences first", order_attention, false},
      {"differentiate", "append the backward nodes of the losses", differentiate_losses, true},
      {"precision", "store activations and their gradients as the target computes", choose_precision, false},
      {"fuse", "move biases and their gradients into the ops beside them", fuse, false},
      {"quantize", "in FP8, round the operands of the layers' products to it", quantize_products, true},
      {"quantize_where_made", "in FP8 on a GPU, round activations and their gradients as they are made",
       quantize_where_made, true},
      {"epilogues", "on a GPU, take GELU, its gradient and bias gradients while products are written",
       use_epilogues, false},
      {"accumulate", "write sums of gradients in place instead of adding them", accumulate_in_place, true},
      {"micro_batch", "in later micro-batches, add to the gradients of the ones before", continue_micro_batch,
       true},
      {"recompute", "compute activations again in backward instead of keeping them", recompute_activations,
       true},
      {"reduce", "in the last micro-batch, sum gradients over all processes, in buckets as they are ready",
       reduce_gradients, true},
      {"update", "in the last micro-batch, take the gradient norm and update the parameters", append_update,
       true},
      {"update_scaling", "in FP8, set the scales of the next step by the largest values of the last ones",
       update_scaling, true},
      {"drop_unused", "drop nodes that nothing reads", drop_unused, false},
  };
  return passes;
}

void run_passes(Graph& graph, const PassOptions& options, const PassObserver& observer) {
  run_passes(graph, all_passes(), options, observer);
}

void run_passes(Graph& graph, std::span<const Pass> passes, const PassOptions& options,
                const PassObserver& observer) {
  validate(graph);
  if (observer) observer("model", graph);
  for (const Pass& pass : passes) {
    if (pass.training_only && !options.train) continue;
    pass.run(graph, options);
    try {
      validate(graph);
    } catch (const Error& error) {
      Problem problem = error.problem();
      problem.what += " after pass `" + std::string(pass.name) + "`";
      throw Error(problem);
    }
    if (observer) observer(pass.name, graph);
  }
}

void differentiate_losses(Graph& graph, const PassOptions& options) {
  std::vector<GradientSeed> seeds;
  for (const ValueId loss : options.losses) seeds.push_back({loss});
  differentiate(graph, seeds, std::make_shared<AddOp>());
}

}  // namespace cloze
