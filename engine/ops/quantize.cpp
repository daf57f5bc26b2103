#include "engine/ops/quantize.h"

#include <fmt/core.h>

#include "engine/ops/product_rules.h"
#include "engine/ops/shape_rules.h"
#include "kernels/linear/scaled_product.h"
#include "kernels/quantize/quantize.h"
#include "kernels/quantize/scaling.h"

namespace cloze {
namespace {

void require_scaling(const ValueType& type) {
  require(is_real(type) && type == ValueType{type.dtype, type.rows, scaling_columns::count},
          "the scaling must be [tensors, scaling_columns::count]");
}

bool is_number(const ValueType& type) {
  return is_real(type) && type == ValueType{type.dtype, 1, 1};
}

}  // namespace

std::string QuantizeOp::attributes() const {
  return name_of(form_.format) + form_.text();
}

std::vector<ValueType> QuantizeOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count && is_real(inputs[x]), "quantize takes x, its scale and its maximum");
  return form_.types(inputs[x], inputs[scale], inputs[amax]);
}

template <class Device>
Launch QuantizeOp::bind_on(Device& device, const Operands& operands) const {
  Quantize kernel = form_.kernel(operands, scale);
  kernel.input = operands.inputs[x];
  return [&device, kernel] { quantize(device, kernel); };
}

std::string ScaledProductOp::attributes() const {
  return fmt::format("{}{}", name_of(attributes_.output), attributes_.quick_sums ? " quick_sums" : "");
}

std::vector<ValueType> ScaledProductOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "a scaled product takes five inputs");
  const ValueType &l = inputs[left], &r = inputs[right];
  require(is_float8(l.dtype) && is_float8(r.dtype) && l.columns == r.columns && r.axis == Axis::fixed,
          "left [rows, depth] and right [columns, depth] must be FP8 of one depth");
  require(is_number(inputs[left_inverse]) && inputs[right_inverse] == inputs[left_inverse],
          "the inverses of the scales must be [1, 1]");
  require(attributes_.has_bias == (inputs[bias].rows > 0) &&
              (!attributes_.has_bias || inputs[bias] == ValueType{attributes_.output, 1, r.rows}),
          "bias must be [1, columns] of the output's type");
  return {{attributes_.output, l.rows, r.rows, l.axis}};
}

Cost ScaledProductOp::cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const {
  return product_cost(inputs[left].rows, inputs[left].columns, inputs[right].rows, inputs, outputs);
}

template <class Device>
Launch ScaledProductOp::bind_on(Device& device, const Operands& operands) const {
  const ScaledProduct kernel{.left = operands.inputs[left],
                             .right = operands.inputs[right],
                             .left_inverse = operands.inputs[left_inverse],
                             .right_inverse = operands.inputs[right_inverse],
                             .bias = operands.inputs[bias],
                             .output = operands.outputs[0],
                             .mode = operands.modes[0],
                             .quick_sums = attributes_.quick_sums};
  return [&device, kernel] { scaled_product(device, kernel); };
}

std::vector<ValueType> CollectMaximaOp::output_types(std::span<const ValueType> inputs) const {
  require(!inputs.empty(), "there is no scaling");
  require_scaling(inputs[0]);
  for (const ValueType& maximum : inputs.subspan(1))
    require(maximum == ValueType{inputs[0].dtype, 1, 1}, "a maximum must be [1, 1]");
  return {{inputs[0].dtype, 1, inputs[0].rows}};
}

template <class Device>
Launch CollectMaximaOp::bind_on(Device& device, const Operands& operands) const {
  const CollectMaxima kernel{.scaling = operands.inputs[0], .maxima = operands.outputs[0]};
  return [&device, kernel] { collect_maxima(device, kernel); };
}

std::vector<ValueType> UpdateScalingOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 2, "an update of the scaling takes the scaling and the maxima");
  require_scaling(inputs[0]);
  require(inputs[1] == ValueType{inputs[0].dtype, 1, inputs[1].columns} &&
              inputs[1].columns % processes_ == 0 && inputs[1].columns / processes_ >= inputs[0].rows,
          "the maxima of all processes must be [1, processes * width]");
  return {inputs[0]};
}

template <class Device>
Launch UpdateScalingOp::bind_on(Device& device, const Operands& operands) const {
  Tensor maxima = operands.inputs[1];
  maxima.rows = processes_;
  maxima.stride = maxima.columns / processes_;
  maxima.columns = operands.inputs[0].rows;
  const UpdateScaling kernel{.scaling = operands.outputs[0], .maxima = maxima};
  return [&device, kernel] { update_scaling(device, kernel); };
}

template class BoundOp<QuantizeOp>;
template class BoundOp<ScaledProductOp>;
template class BoundOp<CollectMaximaOp>;
template class BoundOp<UpdateScalingOp>;

}  // namespace cloze
