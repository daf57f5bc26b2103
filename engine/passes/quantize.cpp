#include <array>
#include <map>
#include <utility>

#include "engine/ops/linear.h"
#include "engine/ops/quantize.h"
#include "engine/passes/passes.h"
#include "kernels/quantize/scaling.h"

// In a run of FP8 the products of the layers read their operands in FP8; heads and attention go on as they
// are. Each operand is rounded once, where it is first read, into the arrangements that its products need; so
// backward keeps x in FP8 and not as it was. What scales an operand comes from the steps before.
namespace cloze {
namespace {

DType type_of_parameters(const Graph& graph) {
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const Value& value = graph.value({static_cast<int32_t>(i)});
    if (value.home.memory == Memory::parameters) return value.type.dtype;
  }
  return DType::f32;
}

// Which value of which matrix: a row of the scaling.
struct Operand {
  ValueId value;
  int64_t row = 0;
  auto operator<=>(const Operand& other) const {
    return std::pair(value.index, row) <=> std::pair(other.value.index, other.row);
  }
};

struct Arrangements {
  bool row_major = false, transposed = false;
};

// A product as its operands are arranged: both row-major, the right one transposed, both transposed.
struct ProductForm {
  Operand left, right;
  bool left_transposed = false, right_transposed = false, forward = false;
  ValueId bias = no_value;
};

class Quantizer {
 public:
  Quantizer(Graph& graph, const Float8Scaling& scaling, Precision precision)
      : graph_(graph), scaling_(scaling), precision_(precision), number_type_(type_of_parameters(graph)) {}

  void run() {
    std::vector<ProductForm> forms;
    for (const Node& node : graph_.nodes()) {
      forms.push_back(form_of(node));
      if (!forms.back().left.value) continue;
      need(forms.back().left, forms.back().left_transposed);
      need(forms.back().right, forms.back().right_transposed);
    }
    const std::vector<Node> before = graph_.nodes();
    for (size_t n = 0; n < before.size(); ++n)
      nodes_.push_back(forms[n].left.value ? product(before[n], forms[n]) : before[n]);
    graph_.set_nodes(std::move(nodes_));
  }

 private:
  struct Quantized {
    ValueId row_major, transposed;
  };
  // The last value of a row's maximum, and what its products read.
  struct Row {
    ValueId scale, inverse, amax;
  };

  void need(const Operand& operand, bool transposed) {
    Arrangements& needed = needs_[operand];
    (transposed ? needed.transposed : needed.row_major) = true;
  }

  // The first row of a parameter, or of the gradient of one; -1: it has none.
  int64_t row_of(ValueId matrix) const {
    const Home& home = graph_.value(matrix).home;
    const bool flat = home.memory == Memory::parameters || home.memory == Memory::compute_copy ||
                      home.memory == Memory::gradients;
    return flat ? scaling_.row_of(home.offset) : -1;
  }
  static Operand operand(ValueId value, int64_t row, ScaledTensor tensor) {
    return {value, row + static_cast<int64_t>(tensor)};
  }

  // Empty where the node is no product, or one of a matrix that is not multiplied in FP8.
  ProductForm form_of(const Node& node) const {
    using enum ScaledTensor;
    const auto& inputs = node.inputs;
    if (dynamic_cast<const LinearOp*>(node.op.get()) != nullptr) {
      const int64_t row = row_of(inputs[1]);
      if (row < 0) return {};
      return {.left = operand(inputs[0], row, input),
              .right = operand(inputs[1], row, weight),
              .forward = true,
              .bias = inputs[2]};
    }
    if (dynamic_cast<const LinearInputGradientOp*>(node.op.get()) != nullptr) {
      const int64_t row = row_of(inputs[1]);
      if (row < 0) return {};
      return {.left = operand(inputs[0], row, output_gradient),
              .right = operand(inputs[1], row, weight),
              .right_transposed = true};
    }
    if (dynamic_cast<const LinearWeightGradientOp*>(node.op.get()) != nullptr) {
      const int64_t row = row_of(node.outputs[0]);
      if (row < 0) return {};
      return {.left = operand(inputs[0], row, output_gradient),
              .right = operand(inputs[1], row, input),
              .left_transposed = true,
              .right_transposed = true};
    }
    return {};
  }

  Node product(const Node& node, const ProductForm& form) {
    const ValueId left = read(form.left, form.left_transposed, node);
    const ValueId right = read(form.right, form.right_transposed, node);
    Node result = node;
    result.precision = precision_;
    result.op = std::make_shared<ScaledProductOp>(
        ScaledProductOp::Attributes{.output = graph_.type(node.outputs[0]).dtype,
                                    .quick_sums = form.forward,
                                    .has_bias = static_cast<bool>(form.bias)});
    result.inputs = {left, right, row(form.left.row).inverse, row(form.right.row).inverse, form.bias};
    return result;
  }

  // The operand in FP8, quantized before `reader` where nothing has read it yet.
  ValueId read(const Operand& operand, bool transposed, const Node& reader) {
    auto found = quantized_.find(operand);
    if (found == quantized_.end()) found = quantized_.emplace(operand, quantize(operand, reader)).first;
    return transposed ? found->second.transposed : found->second.row_major;
  }

  Quantized quantize(const Operand& operand, const Node& reader) {
    const Arrangements& needs = needs_.at(operand);
    const auto tensor = static_cast<ScaledTensor>(operand.row % scaled_tensors);
    Row& scaling = row(operand.row);
    Node node{.op = std::make_shared<QuantizeOp>(QuantizedForm{.format = Float8Scaling::format_of(tensor),
                                                               .row_major = needs.row_major,
                                                               .transposed = needs.transposed}),
              .inputs = {operand.value, scaling.scale, scaling.amax},
              .outputs = {},
              .bases = {},
              .scope = reader.scope,
              .phase = reader.phase,
              .precision = precision_};
    const std::array inputs{graph_.type(operand.value), graph_.type(scaling.scale),
                            graph_.type(scaling.amax)};
    for (const ValueType& type : node.op->output_types(inputs)) {
      node.outputs.push_back(graph_.add_value(type));
      node.bases.push_back(no_value);
    }
    graph_.set_home(node.outputs[0], graph_.value(scaling.amax).home);
    scaling.amax = node.outputs[0];
    Quantized result;
    size_t output = 1;
    if (needs.row_major) result.row_major = node.outputs[output++];
    if (needs.transposed) result.transposed = node.outputs[output];
    nodes_.push_back(std::move(node));
    return result;
  }

  Row& row(int64_t index) {
    const auto found = rows_.find(index);
    if (found != rows_.end()) return found->second;
    const auto number = [&](const char* name, int column) {
      return graph_.add_resident(name, {number_type_, 1, 1},
                                 {Memory::state, index * scaling_columns::count + column});
    };
    return rows_[index] = {.scale = number("scale", scaling_columns::scale),
                           .inverse = number("inverse", scaling_columns::inverse),
                           .amax = number("amax", scaling_columns::amax)};
  }

  Graph& graph_;
  const Float8Scaling& scaling_;
  const Precision precision_;
  const DType number_type_;  // as parameters are stored
  std::map<Operand, Arrangements> needs_;
  std::map<Operand, Quantized> quantized_;
  std::map<int64_t, Row> rows_;
  std::vector<Node> nodes_;
};

}  // namespace

void quantize_products(Graph& graph, const PassOptions& options) {
  if (multiplies_float8(options.target.precision))
    Quantizer(graph, options.scaling, options.target.precision).run();
}

}  // namespace cloze
