#pragma once

#include "engine/graph/graph.h"
#include "engine/ops/quantized_form.h"
#include "kernels/activation/activation.h"

// Activations and their gradients that only products in FP8 read (kernels/quantize/quantized_activation.h).
// The pass `quantize_where_made` puts them in place of the two nodes they consist of.
namespace cloze {

// inputs: x [rows, columns], bias [1, columns] or none, then as QuantizeOp's: scale, largest magnitude so
// far; outputs: as QuantizeOp's, in f8_e4m3
class QuantizedActivationOp final : public BoundOp<QuantizedActivationOp> {
 public:
  enum Input { x, bias, scale, amax, input_count };
  struct Attributes {
    Activation activation = Activation::identity;
    QuantizedForm form;  // of f8_e4m3
  };
  explicit QuantizedActivationOp(const Attributes& attributes) : attributes_(attributes) {}
  std::string_view name() const override { return "quantized_activation"; }
  std::string attributes() const override;
  double flops_per_element() const override { return 10; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, amax, true}}; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  Attributes attributes_;
};
extern template class BoundOp<QuantizedActivationOp>;

// inputs: x, bias or none, gradient of the output, scale, largest magnitude so far;
// outputs: as QuantizeOp's, in f8_e5m2; with `bias_gradient` also that of the bias [1, columns], and a
// workspace
class QuantizedActivationGradientOp final : public BoundOp<QuantizedActivationGradientOp> {
 public:
  enum Input { x, bias, output_gradient, scale, amax, input_count };
  struct Attributes {
    Activation activation = Activation::identity;
    QuantizedForm form;  // of f8_e5m2
    bool bias_gradient = false;
  };
  explicit QuantizedActivationGradientOp(const Attributes& attributes) : attributes_(attributes) {}
  std::string_view name() const override { return "quantized_activation_gradient"; }
  std::string attributes() const override;
  double flops_per_element() const override { return 18; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, amax, true}}; }
  bool accumulates(int output) const override {
    return attributes_.bias_gradient && output == bias_gradient_output();
  }
  int bias_gradient_output() const { return attributes_.form.outputs(); }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  Attributes attributes_;
};
extern template class BoundOp<QuantizedActivationGradientOp>;

}  // namespace cloze
