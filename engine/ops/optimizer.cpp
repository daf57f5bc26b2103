#include "engine/ops/optimizer.h"

#include <fmt/core.h>

#include "engine/ops/shape_rules.h"

namespace cloze {

std::vector<ValueType> CollectGradientsOp::output_types(std::span<const ValueType> inputs) const {
  require(!inputs.empty() && is_real(inputs[0]), "there are no gradients to collect");
  for (const ValueType& gradient : inputs) {
    require(gradient.dtype == inputs[0].dtype && gradient.axis == Axis::fixed,
            "gradients of parameters must be of one precision");
  }
  return {{inputs[0].dtype, 1, elements_}};
}

template <class Device>
Launch CollectGradientsOp::bind_on(Device&, const Operands&) const {
  return [] {};
}

std::vector<ValueType> GradientNormOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 1 && is_real(inputs[0]) && is_row_of(inputs[0], inputs[0]),
          "gradient_norm takes the flat gradients");
  return {{inputs[0].dtype, 1, 1}, {DType::f64, 1, gradient_norm_workspace(inputs[0].columns)}};
}

template <class Device>
Launch GradientNormOp::bind_on(Device& device, const Operands& operands) const {
  const GradientNorm kernel{
      .gradients = operands.inputs[0], .norm = operands.outputs[0], .workspace = operands.outputs[1]};
  return [&device, kernel] { gradient_norm(device, kernel); };
}

std::string UpdateOp::attributes() const {
  return fmt::format("beta1={} beta2={} epsilon={} clip={} segments={}{}", attributes_.beta1,
                     attributes_.beta2, attributes_.epsilon, attributes_.max_gradient_norm,
                     attributes_.segments->size(), attributes_.compute_copy ? " compute_copy" : "");
}

std::vector<ValueType> UpdateOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "an update takes six inputs");
  const ValueType& all = inputs[parameters];
  require(is_real(all) && is_row_of(all, all), "the flat parameters must be [1, elements]");
  for (const Input flat : {gradients, first_moment, second_moment}) {
    require(inputs[flat] == all, "the flat buffers differ in type");
  }
  require(inputs[scalars] == ValueType{all.dtype, 1, OptimizerScalars::count} &&
              inputs[norm] == ValueType{all.dtype, 1, 1},
          "scalars must be [1, 3] and the norm [1, 1]");
  const int64_t workspace_size =
      attributes_.rule == UpdateRule::lamb
          ? lamb_workspace(static_cast<int64_t>(attributes_.segments->size()), inputs[0].columns)
          : 1;
  std::vector<ValueType> outputs{inputs[parameters],
                                 inputs[first_moment],
                                 inputs[second_moment],
                                 {DType::i32, 1, 1},
                                 {DType::f64, 1, workspace_size}};
  if (attributes_.compute_copy) outputs.push_back({DType::bf16, 1, all.columns});
  return outputs;
}

std::vector<Alias> UpdateOp::aliases() const {
  return {{new_parameters, parameters, true},
          {new_first_moment, first_moment, true},
          {new_second_moment, second_moment, true}};
}

template <class Device>
Launch UpdateOp::bind_on(Device& device, const Operands& operands) const {
  const Clipping clipping{.norm = operands.inputs[norm],
                          .max_norm = attributes_.max_gradient_norm,
                          .skipped = operands.outputs[skipped]};
  const Tensor copy = attributes_.compute_copy ? operands.outputs[new_compute_copy] : Tensor{};
  if (attributes_.rule == UpdateRule::adamw) {
    const AdamW kernel{.parameters = operands.inputs[parameters],
                       .gradients = operands.inputs[gradients],
                       .first_moment = operands.inputs[first_moment],
                       .second_moment = operands.inputs[second_moment],
                       .segments = *attributes_.segments,
                       .scalars = operands.inputs[scalars],
                       .clipping = clipping,
                       .beta1 = attributes_.beta1,
                       .beta2 = attributes_.beta2,
                       .epsilon = attributes_.epsilon,
                       .compute_copy = copy};
    return [&device, kernel, keep_alive = attributes_.segments] { adamw(device, kernel); };
  }
  const Lamb kernel{.parameters = operands.inputs[parameters],
                    .gradients = operands.inputs[gradients],
                    .first_moment = operands.inputs[first_moment],
                    .second_moment = operands.inputs[second_moment],
                    .segments = *attributes_.segments,
                    .scalars = operands.inputs[scalars],
                    .clipping = clipping,
                    .beta1 = attributes_.beta1,
                    .beta2 = attributes_.beta2,
                    .epsilon = attributes_.epsilon,
                    .workspace = operands.outputs[workspace],
                    .compute_copy = copy};
  return [&device, kernel, keep_alive = attributes_.segments] { lamb(device, kernel); };
}

UpdateResults update_parameters(Graph& graph, const std::vector<ValueId>& gradients, int64_t elements,
                                DType dtype, ValueId scalars, const UpdateAttributes& attributes) {
  const std::string outer_scope = graph.scope();
  graph.set_scope("optimizer");
  graph.set_phase(Phase::update);
  const ValueId flat = graph.add(std::make_shared<CollectGradientsOp>(elements), gradients)[0];
  graph.set_home(flat, {Memory::gradients, 0});
  const ValueId norm = graph.add(std::make_shared<GradientNormOp>(), {flat})[0];
  const ValueType type{dtype, 1, elements};
  const ValueId parameters = graph.add_resident("parameters", type, {Memory::parameters, 0});
  const ValueId first = graph.add_resident("first_moment", type, {Memory::first_moment, 0});
  const ValueId second = graph.add_resident("second_moment", type, {Memory::second_moment, 0});
  const auto outputs =
      graph.add(std::make_shared<UpdateOp>(attributes), {parameters, flat, first, second, scalars, norm});
  graph.set_home(outputs[UpdateOp::new_parameters], {Memory::parameters, 0});
  graph.set_home(outputs[UpdateOp::new_first_moment], {Memory::first_moment, 0});
  graph.set_home(outputs[UpdateOp::new_second_moment], {Memory::second_moment, 0});
  if (attributes.compute_copy) graph.set_home(outputs[UpdateOp::new_compute_copy], {Memory::compute_copy, 0});
  graph.set_scope(outer_scope);
  graph.set_phase(Phase::forward);
  return {norm, outputs[UpdateOp::skipped]};
}

template class BoundOp<CollectGradientsOp>;
template class BoundOp<GradientNormOp>;
template class BoundOp<UpdateOp>;

}  // namespace cloze
