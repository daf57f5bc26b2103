#include "engine/ops/attention.h"

#include <fmt/core.h>

#include <cmath>

#include "engine/graph/differentiate.h"

namespace cloze {
namespace {

constexpr int forward_products = 2, backward_products = 5;

std::string describe(const AttentionAttributes& attributes) {
  const std::string dropout = describe(attributes.dropout);
  return fmt::format("heads={} {}{}{}", attributes.heads,
                     attributes.layout == AttentionLayout::packed ? "packed" : "split",
                     dropout.empty() ? "" : " ", dropout);
}

Tensor columns(const Tensor& tensor, int64_t first, int64_t count) {
  Tensor view = tensor;
  view.data = static_cast<char*>(tensor.data) + first * static_cast<int64_t>(size_of(tensor.dtype));
  view.columns = count;
  return view;
}

struct QueryKeyValue {
  Tensor query, key, value;
};

QueryKeyValue parts(AttentionLayout layout, const Tensor& query, const Tensor& key_value) {
  if (layout == AttentionLayout::packed) {
    const int64_t hidden = query.columns / 3;
    return {columns(query, 0, hidden), columns(query, hidden, hidden), columns(query, 2 * hidden, hidden)};
  }
  const int64_t hidden = query.columns;
  return {query, columns(key_value, 0, hidden), columns(key_value, hidden, hidden)};
}

AttentionShape shape_of(const AttentionAttributes& attributes, int64_t hidden) {
  const int64_t head_size = hidden / attributes.heads;
  return {attributes.heads, head_size, static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_size))),
          attributes.longest_sequence};
}

int64_t hidden_of(const AttentionAttributes& attributes, const ValueType& query) {
  return attributes.layout == AttentionLayout::packed ? query.columns / 3 : query.columns;
}

// `products` products of a query row with a key row over all heads.
double pair_flops(const AttentionAttributes& attributes, std::span<const ValueType> inputs, int products) {
  return 2.0 * products * static_cast<double>(hidden_of(attributes, inputs[AttentionOp::query]));
}

// A query row meets the average sequence length of keys.
double capacity_flops(const AttentionAttributes& attributes, std::span<const ValueType> inputs,
                      int products) {
  const ValueType& query = inputs[AttentionOp::query];
  const ValueType& keys =
      attributes.layout == AttentionLayout::packed ? query : inputs[AttentionOp::key_value];
  const double sequences = static_cast<double>(inputs[AttentionOp::key_offsets].columns - 1);
  const double length = static_cast<double>(keys.rows) / std::max(sequences, 1.0);
  return pair_flops(attributes, inputs, products) * static_cast<double>(query.rows) * length;
}

ValueType work_type(const ValueType& offsets) {
  return {DType::i32, 3, offsets.columns};
}

void require_fit(const AttentionAttributes& attributes, std::span<const ValueType> inputs) {
  const ValueType& query = inputs[AttentionOp::query];
  const ValueType& key_value = inputs[AttentionOp::key_value];
  const int64_t hidden = hidden_of(attributes, query);
  require(is_real(query) && attributes.heads > 0 && hidden % attributes.heads == 0,
          "the hidden size must be a multiple of the number of heads");
  if (attributes.layout == AttentionLayout::packed) {
    require(query.columns % 3 == 0 && key_value.rows == 0,
            "packed attention takes query, key and value in one input");
  } else {
    require(key_value.dtype == query.dtype && key_value.columns == 2 * hidden,
            "key_value must be [tokens, 2 * hidden]");
  }
  const ValueType& offsets = inputs[AttentionOp::query_offsets];
  require(offsets.dtype == DType::i32 && offsets.rows == 1 && offsets == inputs[AttentionOp::key_offsets],
          "offsets of queries and keys must be i32 [1, sequences + 1]");
  require_dropout(attributes.dropout, inputs[AttentionOp::key], inputs[AttentionOp::row_ids], query);
  const ValueType& work = inputs[AttentionOp::work];
  require(work.rows == 0 || work == work_type(offsets), "the order of work must be i32 [3, sequences + 1]");
}

// Output and log-sum-exp.
std::vector<ValueType> outputs_of(const AttentionAttributes& attributes, const ValueType& query) {
  return {{query.dtype, query.rows, hidden_of(attributes, query), query.axis},
          {sum_type(query.dtype), query.rows, attributes.heads, query.axis}};
}

}  // namespace

std::string AttentionOp::attributes() const {
  return describe(attributes_);
}

std::vector<ValueType> AttentionOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "attention takes seven inputs, some of them optional");
  require_fit(attributes_, inputs);
  const ValueType& q = inputs[query];
  return outputs_of(attributes_, q);
}

Cost AttentionOp::cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  return {capacity_flops(attributes_, inputs, forward_products), Op::cost(inputs, outputs).bytes};
}

double AttentionOp::flops_per_pair(std::span<const ValueType> inputs) const {
  return pair_flops(attributes_, inputs, forward_products);
}

bool AttentionOp::differentiate(Differentiation& differentiation, const Node& node) const {
  std::vector<ValueId> inputs = node.inputs;
  inputs.insert(inputs.end(), {node.outputs[0], node.outputs[1], differentiation.gradient(node.outputs[0])});
  const auto gradients = differentiation.add(std::make_shared<AttentionBackwardOp>(attributes_), inputs);
  differentiation.contribute(node.inputs[query], gradients[0]);
  if (attributes_.layout == AttentionLayout::split)
    differentiation.contribute(node.inputs[key_value], gradients[1]);
  return true;
}

template <class Device>
Launch AttentionOp::bind_on(Device& device, const Operands& operands) const {
  const auto [q, k, v] = parts(attributes_.layout, operands.inputs[query], operands.inputs[key_value]);
  const AttentionForward kernel{
      .shape = shape_of(attributes_, q.columns),
      .query = q,
      .key = k,
      .value = v,
      .query_offsets = operands.inputs[query_offsets],
      .key_offsets = operands.inputs[key_offsets],
      .dropout = dropout_of(attributes_.dropout, operands.inputs[key], operands.inputs[row_ids]),
      .output = operands.outputs[0],
      .log_sum_exp = operands.outputs[1],
      .work = operands.inputs[work]};
  return [&device, kernel] { attention_forward(device, kernel); };
}

std::string AttentionBackwardOp::attributes() const {
  return describe(attributes_);
}

std::vector<ValueType> AttentionBackwardOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "attention_backward takes ten inputs, some of them optional");
  require_fit(attributes_, inputs);
  const std::vector<ValueType> forward = outputs_of(attributes_, inputs[query]);
  require(inputs[output] == forward[0] && inputs[output_gradient] == forward[0],
          "the output and its gradient must be [queries, hidden]");
  require(inputs[log_sum_exp] == forward[1], "the log-sum-exp must be [queries, heads]");
  if (attributes_.layout == AttentionLayout::packed) return {inputs[query]};
  return {inputs[query], inputs[key_value]};
}

Cost AttentionBackwardOp::cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  return {capacity_flops(attributes_, inputs, backward_products), Op::cost(inputs, outputs).bytes};
}

double AttentionBackwardOp::flops_per_pair(std::span<const ValueType> inputs) const {
  return pair_flops(attributes_, inputs, backward_products);
}

template <class Device>
Launch AttentionBackwardOp::bind_on(Device& device, const Operands& operands) const {
  const auto [q, k, v] = parts(attributes_.layout, operands.inputs[query], operands.inputs[key_value]);
  const bool split = attributes_.layout == AttentionLayout::split;
  const auto [dq, dk, dv] =
      parts(attributes_.layout, operands.outputs[0], split ? operands.outputs[1] : Tensor{});
  const AttentionBackward kernel{
      .shape = shape_of(attributes_, q.columns),
      .query = q,
      .key = k,
      .value = v,
      .query_offsets = operands.inputs[query_offsets],
      .key_offsets = operands.inputs[key_offsets],
      .dropout = dropout_of(attributes_.dropout, operands.inputs[key], operands.inputs[row_ids]),
      .output = operands.inputs[output],
      .log_sum_exp = operands.inputs[log_sum_exp],
      .output_gradient = operands.inputs[output_gradient],
      .query_gradient = dq,
      .key_gradient = dk,
      .value_gradient = dv,
      .work = operands.inputs[work]};
  return [&device, kernel] { attention_backward(device, kernel); };
}

ValueId attention(Graph& graph, const AttentionInputs& in, const AttentionAttributes& attributes) {
  const bool active = attributes.dropout.active();
  return graph.add(std::make_shared<AttentionOp>(attributes),
                   {in.query, in.key_value, in.query_offsets, in.key_offsets, active ? in.key : no_value,
                    active ? in.row_ids : no_value, in.work})[0];
}

std::vector<ValueType> AttentionWorkOp::output_types(std::span<const ValueType> inputs) const {
  require(
      inputs.size() == 2 && inputs[0].dtype == DType::i32 && inputs[0].rows == 1 && inputs[0] == inputs[1],
      "offsets of queries and keys must be i32 [1, sequences + 1]");
  return {work_type(inputs[0])};
}

template <class Device>
Launch AttentionWorkOp::bind_on(Device& device, const Operands& operands) const {
  const AttentionWork kernel{
      .query_offsets = operands.inputs[0], .key_offsets = operands.inputs[1], .work = operands.outputs[0]};
  return [&device, kernel] { attention_work(device, kernel); };
}

template class BoundOp<AttentionOp>;
template class BoundOp<AttentionBackwardOp>;
template class BoundOp<AttentionWorkOp>;

}  // namespace cloze
