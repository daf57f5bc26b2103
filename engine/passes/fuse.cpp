#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/layer_norm.h"
#include "engine/ops/linear.h"
#include "engine/passes/node_rewriter.h"
#include "engine/passes/passes.h"

// Where the matmul library cannot add a bias while it writes, the bias of a linear layer moves into the op
// that reads its output next (activation, layer norm), and the bias gradient into that op's backward, which
// has the values at hand: a pass over [rows, columns] less in forward and one less in backward.
namespace cloze {
namespace {

class Fuser : NodeRewriter {
 public:
  explicit Fuser(Graph& graph) : NodeRewriter(graph) {}

  void run() {
    for (size_t n = 0; n < nodes_.size(); ++n) {
      if (dynamic_cast<const LinearOp*>(nodes_[n].op.get()) == nullptr || !nodes_[n].inputs[2]) continue;
      if (!into_activation(nodes_[n])) into_layer_norm(nodes_[n]);
    }
    finish();
  }

 private:
  // linear(x, W, b) -> z -> activation(z), and its backward
  bool into_activation(Node& linear) {
    const ValueId z = linear.outputs[0], bias = linear.inputs[2];
    Node* forward = nullptr;
    Node* backward = nullptr;
    for (const int32_t position : users(z)) {
      Node& user = node(position);
      if (as<ActivationOp>(user) && user.inputs[0] == z && !user.inputs[1] && !forward) {
        forward = &user;
      } else if (as<ActivationBackwardOp>(user) && user.inputs[0] == z && !user.inputs[1] && !backward) {
        backward = &user;
      } else {
        return false;
      }
    }
    if (forward == nullptr) return false;
    linear.inputs[2] = no_value;
    forward->inputs[1] = bias;
    if (backward == nullptr) return true;
    backward->inputs[1] = bias;
    if (Node* sum = column_sum_of(backward->outputs[0])) {
      const Activation activation = as<ActivationBackwardOp>(*backward)->activation();
      extend(*backward, std::make_shared<ActivationBackwardOp>(activation, true), *sum, true);
    }
    return true;
  }

  // linear(x, W, b) -> z -> layer_norm(z, residual), and its backward, which reads the sum instead of z
  void into_layer_norm(Node& linear) {
    const ValueId z = linear.outputs[0];
    if (users(z).size() != 1) return;
    Node& forward = node(users(z)[0]);
    if (!as<LayerNormOp>(forward) || forward.inputs[LayerNormOp::x] != z || forward.inputs[LayerNormOp::bias])
      return;
    forward.inputs[LayerNormOp::bias] = linear.inputs[2];
    linear.inputs[2] = no_value;
    if (forward.outputs.size() < 2) return;
    for (const int32_t position : users(forward.outputs[1])) {
      Node& backward = node(position);
      const auto* op = as<LayerNormBackwardOp>(backward);
      if (op == nullptr || op->has_bias_gradient()) continue;
      Node* sum = column_sum_of(backward.outputs[static_cast<size_t>(op->input_gradient_output())]);
      if (sum != nullptr)
        extend(backward, std::make_shared<LayerNormBackwardOp>(op->dropout(), true), *sum, false);
    }
  }

  Node* column_sum_of(ValueId gradient) {
    for (const int32_t position : users(gradient)) {
      if (node(position).op != nullptr && as<ColumnSumOp>(node(position))) return &node(position);
    }
    return nullptr;
  }

  // The backward op takes over the column sum's output (which may be homed in the gradient buffer) and drops
  // its node.
  static void extend(Node& backward, std::shared_ptr<const Op> op, Node& sum, bool with_workspace) {
    backward.op = std::move(op);
    backward.outputs.push_back(sum.outputs[0]);
    backward.bases.push_back(no_value);
    if (with_workspace) {
      backward.outputs.push_back(sum.outputs[1]);
      backward.bases.push_back(no_value);
    }
    sum.op = nullptr;
  }
};

}  // namespace

void fuse(Graph& graph, const PassOptions& options) {
  if (options.fuse && !options.target.matmul_adds_bias) Fuser(graph).run();
}

}  // namespace cloze
