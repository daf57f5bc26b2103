#include <algorithm>
#include <map>
#include <numeric>

#include "engine/base/error.h"
#include "engine/ops/collective.h"
#include "engine/passes/passes.h"

// In the last micro-batch, gradients are summed over all processes. Backward makes the gradients of the last
// layers first, and these lie at the end of the flat buffer: cut from the end into buckets, each can be
// reduced as soon as its last gradient is there, while the layers before are still at work.
namespace cloze {
namespace {

struct ReadyGradient {
  ValueId value;
  int64_t offset = 0;
  size_t node = 0;  // that writes it last
};

struct Bucket {
  int64_t begin = 0, end = 0;  // elements of the flat buffer
  std::vector<ValueId> gradients;
  size_t node = 0;  // after which all of them are there
};

// The last value of each gradient, by descending offset.
std::vector<ReadyGradient> ready_gradients(const Graph& graph) {
  std::map<int64_t, ReadyGradient, std::greater<>> by_offset;
  for (size_t n = 0; n < graph.nodes().size(); ++n) {
    for (const ValueId id : graph.nodes()[n].outputs) {
      const Home home = graph.value(id).home;
      if (home.memory == Memory::gradients) by_offset[home.offset] = {id, home.offset, n};
    }
  }
  std::vector<ReadyGradient> gradients;
  for (const auto& [offset, gradient] : by_offset) gradients.push_back(gradient);
  return gradients;
}

// Buckets of at least `least` elements, that are the whole buffer together; gaps between parameters are zero
// and reduced with their neighbours. In the order in which they are ready.
std::vector<Bucket> cut_into_buckets(const Graph& graph, int64_t elements, int64_t least) {
  std::vector<Bucket> buckets;
  Bucket open{.end = elements};
  for (const ReadyGradient& gradient : ready_gradients(graph)) {
    open.gradients.push_back(gradient.value);
    open.node = std::max(open.node, gradient.node);
    open.begin = gradient.offset;
    if (open.end - open.begin < least) continue;
    buckets.push_back(open);
    open = {.end = gradient.offset};
  }
  if (!open.gradients.empty()) buckets.push_back(open);
  if (buckets.empty()) throw Error({.what = "there are no gradients to reduce"});
  buckets.back().begin = 0;
  std::stable_sort(buckets.begin(), buckets.end(),
                   [](const Bucket& a, const Bucket& b) { return a.node < b.node; });
  return buckets;
}

Node reduction_node(Graph& graph, const Bucket& bucket, const Reduction& reduction) {
  auto op = std::make_shared<ReduceBucketOp>(reduction.communicator, bucket.begin, bucket.end - bucket.begin);
  const ValueId sum = graph.add_value(op->output_types(std::vector{graph.type(bucket.gradients[0])})[0]);
  graph.set_home(sum, {Memory::gradients, bucket.begin});
  return {.op = std::move(op),
          .inputs = bucket.gradients,
          .outputs = {sum},
          .bases = {no_value},
          .scope = "reduction",
          .phase = Phase::backward};
}

}  // namespace

void reduce_gradients(Graph& graph, const PassOptions& options) {
  if (!options.micro_batch.last || options.reduction.communicator == nullptr) return;
  const std::vector<Bucket> buckets =
      cut_into_buckets(graph, options.parameter_elements, options.reduction.bucket_elements);
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
  graph.set_phase(Phase::backward);
  graph.set_scope("reduction");
  const ValueId flat = graph.add(
      std::make_shared<JoinReductionsOp>(options.reduction.communicator, options.parameter_elements),
      sums)[0];
  graph.set_home(flat, {Memory::gradients, 0});
  graph.set_scope("");
  graph.set_phase(Phase::forward);
}

}  // namespace cloze
