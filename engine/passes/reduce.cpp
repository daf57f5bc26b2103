#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/ops/collective.h"
#include "engine/passes/gradients.h"
#include "engine/passes/passes.h"

// In the last micro-batch, gradients are summed over all processes. Backward makes the gradients of the last
// layers first, and these lie at the end of the flat buffer: each bucket can be reduced as soon as its last
// gradient is there, while the layers before are still at work.
namespace cloze {
namespace {

struct FilledBucket {
  Bucket range;
  std::vector<ValueId> gradients;
  size_t node = 0;  // after which all of them are there
};

// A bucket that nothing writes (of parameters that the model does not use) holds zeros, and is reduced with
// the first of the others, so that buckets are the same whatever the model.
void fill_unused(std::vector<FilledBucket>& buckets, Graph& graph, const ReadyGradient& first) {
  for (FilledBucket& bucket : buckets) {
    if (!bucket.gradients.empty()) continue;
    const ValueType type{graph.type(first.value).dtype, 1, bucket.range.count()};
    bucket.gradients = {graph.add_resident("gradients", type, {Memory::gradients, bucket.range.begin})};
    bucket.node = first.node;
  }
}

// In the order in which they are ready.
std::vector<FilledBucket> fill(const std::vector<Bucket>& buckets, Graph& graph) {
  const std::vector<ReadyGradient> gradients = final_gradients(graph);
  if (gradients.empty()) throw Error({.what = "there are no gradients to reduce"});
  std::vector<FilledBucket> filled;
  for (const Bucket& bucket : buckets) filled.push_back({.range = bucket, .gradients = {}});
  for (const ReadyGradient& gradient : gradients) {
    const auto bucket = std::find_if(filled.begin(), filled.end(), [&](const FilledBucket& each) {
      return each.range.begin <= gradient.begin && gradient.end <= each.range.end;
    });
    if (bucket == filled.end())
      throw Error({.what = "a gradient lies in no bucket (an internal error)",
                   .where = graph.nodes()[gradient.node].scope});
    bucket->gradients.push_back(gradient.value);
    bucket->node = std::max(bucket->node, gradient.node);
  }
  fill_unused(filled, graph, gradients.front());
  std::stable_sort(filled.begin(), filled.end(),
                   [](const FilledBucket& a, const FilledBucket& b) { return a.node < b.node; });
  return filled;
}

Node reduction_node(Graph& graph, const FilledBucket& bucket, const Reduction& reduction) {
  const int64_t begin = bucket.range.begin;
  auto op =
      std::make_shared<ReduceBucketOp>(reduction.communicator, begin, bucket.range.count(),
                                       reduction.shard_update ? SumOf::share : SumOf::whole, reduction.wire);
  const ValueId sum = graph.add_value(op->output_types(std::vector{graph.type(bucket.gradients[0])})[0]);
  graph.set_home(sum, {Memory::gradients, begin});
  return {.op = std::move(op),
          .inputs = bucket.gradients,
          .outputs = {sum},
          .bases = {no_value},
          .scope = "reduction",
          .phase = Phase::backward};
}

// What is summed where this process reads it: everything, or its shards.
std::vector<Shard> sums_to_read(const PassOptions& options) {
  const Reduction& reduction = options.reduction;
  if (!reduction.shard_update) return {{0, options.parameter_elements, 0}};
  return shards_of(reduction.buckets, reduction.communicator->rank(), reduction.communicator->size());
}

void join_reductions(Graph& graph, const std::vector<ValueId>& buckets, const PassOptions& options) {
  const std::vector<Shard> sums = sums_to_read(options);
  std::vector<int64_t> counts;
  for (const Shard& sum : sums) counts.push_back(sum.count());
  graph.set_phase(Phase::backward);
  graph.set_scope("reduction");
  const auto joined = graph.add(
      std::make_shared<JoinCollectivesOp>(options.reduction.communicator, std::move(counts)), buckets);
  for (size_t i = 0; i < sums.size(); ++i) graph.set_home(joined[i], {Memory::gradients, sums[i].begin});
  graph.set_scope("");
  graph.set_phase(Phase::forward);
}

}  // namespace

void reduce_gradients(Graph& graph, const PassOptions& options) {
  if (!options.micro_batch.last || options.reduction.communicator == nullptr) return;
  const std::vector<FilledBucket> buckets = fill(options.reduction.buckets, graph);
  std::vector<Node> nodes, reductions;
  size_t bucket = 0;
  const std::vector<Node> before = graph.nodes();
  for (size_t n = 0; n < before.size(); ++n) {
    nodes.push_back(before[n]);
    for (; bucket < buckets.size() && buckets[bucket].node == n; ++bucket) {
      reductions.push_back(reduction_node(graph, buckets[bucket], options.reduction));
      if (options.reduction.overlap) nodes.push_back(reductions.back());
    }
  }
  if (!options.reduction.overlap) nodes.insert(nodes.end(), reductions.begin(), reductions.end());
  graph.set_nodes(std::move(nodes));
  std::vector<ValueId> sums;
  for (const Node& node : reductions) sums.push_back(node.outputs[0]);
  join_reductions(graph, sums, options);
}

}  // namespace cloze
