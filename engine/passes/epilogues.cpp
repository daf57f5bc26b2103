#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/linear.h"
#include "engine/ops/linear_gelu.h"
#include "engine/passes/node_rewriter.h"
#include "engine/passes/passes.h"

// A matmul library of a GPU takes GELU, its gradient and the sums of a bias gradient while it writes a
// product: three passes over [T, intermediate] and one over every other gradient [T, columns] less.
namespace cloze {
namespace {

class EpilogueFuser : NodeRewriter {
 public:
  explicit EpilogueFuser(Graph& graph) : NodeRewriter(graph) {}

  void run(bool recomputes_activations) {
    if (!recomputes_activations) {  // one that is computed again must stand alone
      for (size_t n = 0; n < nodes_.size(); ++n) fuse_gelu(nodes_[n]);
    }
    for (size_t n = 0; n < nodes_.size(); ++n) fuse_bias_gradient(nodes_[n]);
    finish();
  }

 private:
  template <class OpType>
  Node* user(ValueId id) {
    for (const int32_t position : users(id)) {
      if (as<OpType>(node(position))) return &node(position);
    }
    return nullptr;
  }
  Node* producer(ValueId id) { return graph_.produced(id) ? &node(graph_.value(id).producer) : nullptr; }

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
      Node& user = node(position);
      const auto* op = as<LinearWeightGradientOp>(user);
      if (op != nullptr && !op->has_bias_gradient() && user.inputs[0] == gradient) return &user;
    }
    return nullptr;
  }
  static void add_bias_gradient(Node& weight_gradient, ValueId gradient, ValueId workspace) {
    weight_gradient.op = std::make_shared<LinearWeightGradientOp>(true);
    weight_gradient.outputs.insert(weight_gradient.outputs.end(), {gradient, workspace});
    weight_gradient.bases.insert(weight_gradient.bases.end(), {no_value, no_value});
  }
};

}  // namespace

void use_epilogues(Graph& graph, const PassOptions& options) {
  const Target& target = options.target;
  if (!options.fuse || target.architecture != Architecture::cuda || !target.matmul_epilogues) return;
  EpilogueFuser(graph).run(resolve(options.recompute, options.target) == Recompute::activations);
}

}  // namespace cloze
