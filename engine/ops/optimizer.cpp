#include "engine/ops/optimizer.h"

#include <fmt/core.h>

#include "engine/ops/shape_rules.h"

namespace cloze {
namespace {

std::string text_of(const UpdateAttributes& a) {
  return fmt::format("beta1={} beta2={} epsilon={} clip={} segments={}{}", a.beta1, a.beta2, a.epsilon,
                     a.max_gradient_norm, a.segments->size(), a.compute_copy ? " compute_copy" : "");
}

int64_t segment_count(const UpdateAttributes& attributes) {
  return static_cast<int64_t>(attributes.segments->size());
}

// Flat buffers of one type, then scalars and norm at the places given.
void require_update_inputs(std::span<const ValueType> inputs, size_t buffers, size_t scalars, size_t norm) {
  const ValueType& all = inputs[0];
  require(is_real(all) && is_row_of(all, all), "the flat parameters must be [1, elements]");
  for (size_t i = 1; i < buffers; ++i) require(inputs[i] == all, "the flat buffers differ in type");
  require(inputs[scalars] == ValueType{all.dtype, 1, OptimizerScalars::count} &&
              inputs[norm] == ValueType{all.dtype, 1, 1},
          "scalars must be [1, 3] and the norm [1, 1]");
}

// What both passes of LAMB are told.
Lamb lamb_of(const UpdateAttributes& attributes) {
  Lamb kernel;
  kernel.segments = *attributes.segments;
  kernel.clipping.max_norm = attributes.max_gradient_norm;
  kernel.beta1 = attributes.beta1;
  kernel.beta2 = attributes.beta2;
  kernel.epsilon = attributes.epsilon;
  return kernel;
}

}  // namespace

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
  return text_of(attributes_);
}

std::vector<ValueType> UpdateOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "an update takes six inputs");
  require_update_inputs(inputs, second_moment + 1, scalars, norm);
  const int64_t workspace_size = attributes_.rule == UpdateRule::lamb
                                     ? lamb_workspace(segment_count(attributes_), inputs[0].columns)
                                     : 1;
  std::vector<ValueType> outputs{inputs[parameters],
                                 inputs[first_moment],
                                 inputs[second_moment],
                                 {DType::i32, 1, 1},
                                 {DType::f64, 1, workspace_size}};
  if (attributes_.compute_copy) outputs.push_back({DType::bf16, 1, inputs[parameters].columns});
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
  Lamb kernel = lamb_of(attributes_);
  kernel.parameters = operands.inputs[parameters];
  kernel.gradients = operands.inputs[gradients];
  kernel.first_moment = operands.inputs[first_moment];
  kernel.second_moment = operands.inputs[second_moment];
  kernel.scalars = operands.inputs[scalars];
  kernel.clipping = clipping;
  kernel.workspace = operands.outputs[workspace];
  kernel.compute_copy = copy;
  return [&device, kernel, keep_alive = attributes_.segments] { lamb(device, kernel); };
}

std::string LambMomentsOp::attributes() const {
  return text_of(attributes_);
}

std::vector<ValueType> LambMomentsOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "the moments of LAMB take six inputs");
  require_update_inputs(inputs, second_moment + 1, scalars, norm);
  const int64_t segments = segment_count(attributes_);
  return {inputs[first_moment],
          inputs[second_moment],
          {DType::f64, 1, 2 * segments},
          {DType::i32, 1, 1},
          {DType::f64, 1, lamb_workspace(segments, inputs[0].columns)}};
}

std::vector<Alias> LambMomentsOp::aliases() const {
  return {{new_first_moment, first_moment, true}, {new_second_moment, second_moment, true}};
}

template <class Device>
Launch LambMomentsOp::bind_on(Device& device, const Operands& operands) const {
  Lamb kernel = lamb_of(attributes_);
  kernel.parameters = operands.inputs[parameters];
  kernel.gradients = operands.inputs[gradients];
  kernel.first_moment = operands.inputs[first_moment];
  kernel.second_moment = operands.inputs[second_moment];
  kernel.scalars = operands.inputs[scalars];
  kernel.clipping.norm = operands.inputs[norm];
  kernel.clipping.skipped = operands.outputs[skipped];
  kernel.workspace = operands.outputs[workspace];
  kernel.square_sums = operands.outputs[square_sums];
  return [&device, kernel, keep_alive = attributes_.segments] { lamb_moments(device, kernel); };
}

std::string LambParametersOp::attributes() const {
  return fmt::format("{} processes={} first_sum={}", text_of(attributes_), processes_, first_sum_);
}

std::vector<ValueType> LambParametersOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == input_count, "the parameters of LAMB take six inputs");
  require_update_inputs(inputs, second_moment + 1, scalars, norm);
  const ValueType& sums = inputs[square_sums];
  require(sums == ValueType{DType::f64, 1, sums.columns} && sums.columns % processes_ == 0 &&
              first_sum_ + 2 * segment_count(attributes_) <= sums.columns / processes_,
          "the square sums of all processes must be f64 [1, processes * width]");
  return {inputs[parameters]};
}

template <class Device>
Launch LambParametersOp::bind_on(Device& device, const Operands& operands) const {
  Lamb kernel = lamb_of(attributes_);
  kernel.parameters = operands.inputs[parameters];
  kernel.first_moment = operands.inputs[first_moment];
  kernel.second_moment = operands.inputs[second_moment];
  kernel.scalars = operands.inputs[scalars];
  kernel.clipping.norm = operands.inputs[norm];
  const Tensor& all = operands.inputs[square_sums];
  kernel.square_sums = {.data = all.as<double>() + first_sum_,
                        .dtype = DType::f64,
                        .rows = processes_,
                        .columns = 2 * segment_count(attributes_),
                        .stride = all.columns / processes_};
  return [&device, kernel, keep_alive = attributes_.segments] { lamb_parameters(device, kernel); };
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
template class BoundOp<LambMomentsOp>;
template class BoundOp<LambParametersOp>;

}  // namespace cloze
