#include <algorithm>

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/linear.h"
#include "engine/ops/linear_gelu.h"
#include "engine/passes/passes.h"

// A matmul library of a GPU takes GELU, its gradient and the sums of a bias gradient while it writes a
// product: three passes over [T, intermediate] and one over every other gradient [T, columns] less.
namespace cloze {
namespace {

class EpilogueFuser {
 public:
  EpilogueFuser(Graph& graph, bool recomputes_activations)
      : graph_(graph),
        nodes_(graph.nodes()),
        uses_(uses_of(graph)),
        keeps_products_(recomputes_activations) {}

  void run() {
    if (!keeps_products_) {  // an activation that is computed again must stand alone
      for (size_t n = 0; n < nodes_.size(); ++n) fuse_gelu(nodes_[n]);
    }
    for (size_t n = 0; n < nodes_.size(); ++n) fuse_bias_gradient(nodes_[n]);
    std::erase_if(nodes_, [](const Node& node) { return node.op == nullptr; });
    graph_.set_nodes(std::move(nodes_));
  }

 private:
  template <class OpType>
  static const OpType* as(const Node& node) {
    return dynamic_cast<const OpType*>(node.op.get());
  }
  const std::vector<int32_t>& users(ValueId id) const { return uses_[static_cast<size_t>(id.index)]; }
  template <class OpType>
  Node* user(ValueId id) {
    for (const int32_t position : users(id)) {
      if (Node& node = nodes_[static_cast<size_t>(position)]; as<OpType>(node)) return &node;
    }
    return nullptr;
  }
  Node* producer(ValueId id) {
    for (Node& node : nodes_) {
      if (std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end()) return &node;
    }
    return nullptr;
  }

  // linear(x, W[, b]) -> z -> activation(z[, b]) -> y, and the backward of the activation
  void fuse_gelu(Node& linear) {
    if (!as<LinearOp>(linear)) return;
    const ValueId z = linear.outputs[0];
    Node* const forward = user<ActivationOp>(z);
    Node* const backward = user<ActivationBackwardOp>(z);
    if (forward == nullptr || as<ActivationOp>(*forward)->activation() != Activation::gelu_tanh) return;
    const ValueId bias = linear.inputs[2] ? linear.inputs[2] : forward->inputs[1];
    if (!bias || users(z).size() != (backward == nullptr ? 1 : 2)) return;
    if (linear.inputs[2] && forward->inputs[1]) return;
    linear.op = std::make_shared<LinearGeluOp>(backward != nullptr);
    linear.inputs[2] = bias;
    linear.outputs = forward->outputs;
    linear.bases = {no_value};
    forward->op = nullptr;
    if (backward == nullptr) return;
    linear.outputs.push_back(z);  // with the bias now
    linear.bases.push_back(no_value);
    backward->inputs[1] = no_value;
    fuse_gelu_gradient(*backward);
  }

  // linear_input_gradient(dy, W) -> activation_backward(z, ...) -> dz, db
  void fuse_gelu_gradient(Node& backward) {
    const ValueId gradient = backward.inputs[2], dz = backward.outputs[0];
    Node* const product = producer(gradient);
    if (product == nullptr || !as<LinearInputGradientOp>(*product) || users(gradient).size() != 1) return;
    if (as<ActivationBackwardOp>(backward)->has_bias_gradient()) {
      Node* const weight_gradient = weight_gradient_of(dz);
      if (weight_gradient == nullptr) return;
      add_bias_gradient(*weight_gradient, backward.outputs[1], backward.outputs[2]);
    }
    backward.op = std::make_shared<LinearGeluGradientOp>();
    backward.inputs = {product->inputs[0], product->inputs[1], backward.inputs[0]};
    backward.outputs = {dz};
    backward.bases = {no_value};
    product->op = nullptr;
  }

  // linear_weight_gradient(dy, x) beside column_sum(dy)
  void fuse_bias_gradient(Node& sum) {
    if (!as<ColumnSumOp>(sum)) return;
    Node* const weight_gradient = weight_gradient_of(sum.inputs[0]);
    if (weight_gradient == nullptr) return;
    add_bias_gradient(*weight_gradient, sum.outputs[0], sum.outputs[1]);
    sum.op = nullptr;
  }

  // The product whose left factor is that gradient, and which has no bias gradient yet.
  Node* weight_gradient_of(ValueId gradient) {
    for (const int32_t position : users(gradient)) {
      Node& node = nodes_[static_cast<size_t>(position)];
      const auto* op = as<LinearWeightGradientOp>(node);
      if (op != nullptr && !op->has_bias_gradient() && node.inputs[0] == gradient) return &node;
    }
    return nullptr;
  }
  static void add_bias_gradient(Node& weight_gradient, ValueId gradient, ValueId workspace) {
    weight_gradient.op = std::make_shared<LinearWeightGradientOp>(true);
    weight_gradient.outputs.insert(weight_gradient.outputs.end(), {gradient, workspace});
    weight_gradient.bases.insert(weight_gradient.bases.end(), {no_value, no_value});
  }

  Graph& graph_;
  std::vector<Node> nodes_;
  std::vector<std::vector<int32_t>> uses_;
  bool keeps_products_;
};

}  // namespace

void use_epilogues(Graph& graph, const PassOptions& options) {
  const Target& target = options.target;
  if (!options.fuse || target.architecture != Architecture::cuda || !target.matmul_epilogues) return;
  EpilogueFuser(graph, options.recompute == Recompute::activations).run();
}

}  // namespace cloze
