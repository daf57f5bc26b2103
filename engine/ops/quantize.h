#pragma once

#include "engine/graph/graph.h"
#include "engine/ops/quantized_form.h"

// FP8 operands of matrix products and the state values that scale them (kernels/quantize/). The passes
// `quantize` and `update_scaling` put them in, after differentiation: they have no gradients of their own.
namespace cloze {

// inputs: x [rows, columns], its scale [1, 1], its largest magnitude in this step so far [1, 1];
// outputs: the latter in place; x in FP8 where `row_major` [rows, columns], where `transposed`
// [columns, padded_to_float8_groups(rows)]
class QuantizeOp final : public BoundOp<QuantizeOp> {
 public:
  enum Input { x, scale, amax, input_count };
  explicit QuantizeOp(const QuantizedForm& form) : form_(form) {}
  const QuantizedForm& form() const { return form_; }
  std::string_view name() const override { return "quantize"; }
  std::string attributes() const override;
  double flops_per_element() const override { return 2; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, amax, true}}; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  QuantizedForm form_;
};
extern template class BoundOp<QuantizeOp>;

// inputs: left [rows, depth] and right [columns, depth] in FP8, one over the scale of each [1, 1],
// bias [1, columns] or none; output: left · rightᵀ over both scales + bias [rows, columns] of type `output`
class ScaledProductOp final : public BoundOp<ScaledProductOp> {
 public:
  enum Input { left, right, left_inverse, right_inverse, bias, input_count };
  struct Attributes {
    DType output = DType::f32;
    bool quick_sums = false;  // kernels/linear/scaled_product.h
    bool has_bias = false;    // then nothing is accumulated
  };
  explicit ScaledProductOp(const Attributes& attributes) : attributes_(attributes) {}
  std::string_view name() const override { return "scaled_product"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const override;
  bool accumulates(int) const override { return !attributes_.has_bias; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  Attributes attributes_;
};
extern template class BoundOp<ScaledProductOp>;

// inputs: the scaling of all tensors [tensors, scaling_columns::count], and everything that still raises a
// maximum there; output: the maxima [1, tensors]
class CollectMaximaOp final : public BoundOp<CollectMaximaOp> {
 public:
  std::string_view name() const override { return "collect_maxima"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<CollectMaximaOp>;

// inputs: the scaling of all tensors, the maxima of all processes [1, processes * width], width at least
// `tensors`; output: the scaling, updated in place
class UpdateScalingOp final : public BoundOp<UpdateScalingOp> {
 public:
  explicit UpdateScalingOp(int64_t processes) : processes_(processes) {}
  std::string_view name() const override { return "update_scaling"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, 0, true}}; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  int64_t processes_;
};
extern template class BoundOp<UpdateScalingOp>;

}  // namespace cloze
