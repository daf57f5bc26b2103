#pragma once

#include "engine/graph/graph.h"
#include "engine/ops/shape_rules.h"
#include "kernels/attention/attention.h"

namespace cloze {

// How queries, keys and values come in.
enum class AttentionLayout : uint8_t {
  packed,  // one value [tokens, 3 * hidden]: query, key, value side by side
  split,   // queries [query rows, hidden] and keys with values [tokens, 2 * hidden]
};

struct AttentionAttributes {
  int64_t heads = 0;
  AttentionLayout layout = AttentionLayout::packed;
  DropoutSite dropout;
  int64_t longest_sequence = 0;  // rows of any, where known
};

// Variable-length self-attention over packed sequences.
// inputs: query (packed: query, key and value), key_value (split) or none, query offsets, key offsets i32 [1,
// sequences + 1],
//   dropout key and row ids of the query rows (with dropout), the order of work or none;
// outputs: output [query rows, hidden], log-sum-exp [query rows, heads]
class AttentionOp final : public BoundOp<AttentionOp> {
 public:
  enum Input { query, key_value, query_offsets, key_offsets, key, row_ids, work, input_count };
  explicit AttentionOp(const AttentionAttributes& attributes) : attributes_(attributes) {}
  const AttentionAttributes& shape() const { return attributes_; }
  std::string_view name() const override { return "attention"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  double flops_per_pair(std::span<const ValueType> inputs) const override;
  bool differentiate(Differentiation& differentiation, const Node& node) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  AttentionAttributes attributes_;
};
extern template class BoundOp<AttentionOp>;

// inputs: those of AttentionOp, then its outputs and the gradient of the output;
// outputs: gradient of query (packed: of all three), and with the split layout that of key_value
class AttentionBackwardOp final : public BoundOp<AttentionBackwardOp> {
 public:
  enum Input {
    query,
    key_value,
    query_offsets,
    key_offsets,
    key,
    row_ids,
    work,
    output,
    log_sum_exp,
    output_gradient,
    input_count
  };
  explicit AttentionBackwardOp(const AttentionAttributes& attributes) : attributes_(attributes) {}
  std::string_view name() const override { return "attention_backward"; }
  bool full_input(int input) const override { return input == log_sum_exp; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  double flops_per_pair(std::span<const ValueType> inputs) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  AttentionAttributes attributes_;
};
extern template class BoundOp<AttentionBackwardOp>;

// inputs: query offsets and key offsets i32 [1, sequences + 1]; output: the order of work i32 [3, sequences +
// 1] (kernels/attention/attention.h). It changes no result.
class AttentionWorkOp final : public BoundOp<AttentionWorkOp> {
 public:
  std::string_view name() const override { return "attention_work"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  PrecisionRule precision_rule() const override { return PrecisionRule::full; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<AttentionWorkOp>;

struct AttentionInputs {
  ValueId query, key_value, query_offsets, key_offsets, key, row_ids, work;
};
ValueId attention(Graph& graph, const AttentionInputs& inputs, const AttentionAttributes& attributes);

}  // namespace cloze
