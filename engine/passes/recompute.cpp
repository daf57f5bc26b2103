#include <algorithm>
#include <map>
#include <set>

#include "engine/ops/activation.h"
#include "engine/ops/layer_norm.h"
#include "engine/passes/passes.h"

// Trades time for memory: values of forward that backward reads are computed again just before, from values
// that are kept anyway (Chen et al. 2016). `layers` keeps only the input of each layer; `activations`
// everything but what takes one pass over memory: activations, and outputs of layer norms, whose sums are
// kept.
namespace cloze {
namespace {

constexpr std::string_view layer_prefix = "encoder.layer.";

// "encoder.layer.3" of "encoder.layer.3.attention"; empty outside a layer.
std::string layer_of(const std::string& scope) {
  if (!scope.starts_with(layer_prefix)) return {};
  return scope.substr(0, scope.find('.', layer_prefix.size()));
}

class Recomputer {
 public:
  Recomputer(Graph& graph, Recompute mode) : graph_(graph), mode_(mode) {}

  void run() {
    collect_forward();
    std::vector<Node> nodes;
    for (Node node : graph_.nodes()) {
      if (node.phase == Phase::backward) {
        const std::string layer = layer_of(node.scope);
        for (ValueId& input : node.inputs) {
          if (input) input = again(input, layer, nodes);
        }
      }
      nodes.push_back(std::move(node));
    }
    graph_.set_nodes(std::move(nodes));
  }

 private:
  void collect_forward() {
    for (const Node& node : graph_.nodes()) {
      if (node.phase != Phase::forward || layer_of(node.scope).empty() || outlives_step(node)) continue;
      if (mode_ == Recompute::layers) {
        for (const ValueId id : node.outputs) recomputable_[id.index] = node;
      } else if (dynamic_cast<const ActivationOp*>(node.op.get()) != nullptr) {
        recomputable_[node.outputs[0].index] = node;
      } else if (const auto* norm = dynamic_cast<const LayerNormOp*>(node.op.get())) {
        collect(*norm, node);
      }
    }
  }

  // What writes state values is done once.
  bool outlives_step(const Node& node) const {
    return std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](ValueId id) { return graph_.value(id).home.memory != Memory::arena; });
  }

  // The output once more, from the sum that backward of the norm reads anyway: the same bits where the sum is
  // stored as it was computed; where it is rounded (bf16) the output is kept.
  void collect(const LayerNormOp& norm, const Node& node) {
    if (node.outputs.size() <= LayerNormOp::sum) return;
    const ValueId sum = node.outputs[LayerNormOp::sum];
    if (graph_.type(sum).dtype != sum_type(graph_.type(sum).dtype)) return;
    std::vector<ValueId> inputs(LayerNormOp::input_count, no_value);
    inputs[LayerNormOp::x] = sum;
    inputs[LayerNormOp::gamma] = node.inputs[LayerNormOp::gamma];
    inputs[LayerNormOp::beta] = node.inputs[LayerNormOp::beta];
    recomputable_[node.outputs[0].index] = {.op = norm.of_sum(),
                                            .inputs = std::move(inputs),
                                            .outputs = {node.outputs[0]},
                                            .bases = {no_value},
                                            .scope = node.scope,
                                            .precision = node.precision};
  }

  // The value as backward of `layer` sees it; clones of what makes it are appended to `nodes` once.
  ValueId again(ValueId id, const std::string& layer, std::vector<Node>& nodes) {
    if (const auto done = clones_.find(id.index); done != clones_.end()) return done->second;
    const auto found = recomputable_.find(id.index);
    if (found == recomputable_.end()) return id;
    if (mode_ == Recompute::layers && layer_of(found->second.scope) != layer) return id;
    Node clone = found->second;
    const std::vector<ValueId> originals = clone.outputs;
    for (ValueId& input : clone.inputs) {
      if (input) input = again(input, layer, nodes);
    }
    clone.phase = Phase::backward;
    for (ValueId& output : clone.outputs) output = graph_.add_value(graph_.type(output));
    for (size_t i = 0; i < originals.size(); ++i) clones_[originals[i].index] = clone.outputs[i];
    nodes.push_back(clone);
    return clones_.at(id.index);
  }

  Graph& graph_;
  Recompute mode_;
  std::map<int32_t, Node> recomputable_;  // value -> the forward node that makes it
  std::map<int32_t, ValueId> clones_;
};

}  // namespace

Recompute resolve(Recompute choice, const Target& target) {
  if (choice != Recompute::automatic) return choice;
  return target.architecture == Architecture::cpu ? Recompute::activations : Recompute::none;
}

void recompute_activations(Graph& graph, const PassOptions& options) {
  const Recompute mode = resolve(options.recompute, options.target);
  if (mode != Recompute::none) Recomputer(graph, mode).run();
}

}  // namespace cloze
