#pragma once

#include <memory>
#include <vector>

#include "engine/graph/graph.h"
#include "kernels/optimizer/optimizer.h"

// The update at the end of a step, over flat buffers.
namespace cloze {

// Joins the gradients of all parameters into the flat buffer they already lie in: costs nothing, orders the
// schedule.
class CollectGradientsOp final : public BoundOp<CollectGradientsOp> {
 public:
  explicit CollectGradientsOp(int64_t elements) : elements_(elements) {}
  std::string_view name() const override { return "collect_gradients"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType>, std::span<const ValueType>) const override { return {}; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  int64_t elements_;
};
extern template class BoundOp<CollectGradientsOp>;

// input: flat gradients [1, elements]; outputs: global norm [1, 1], workspace
class GradientNormOp final : public BoundOp<GradientNormOp> {
 public:
  std::string_view name() const override { return "gradient_norm"; }
  double flops_per_element() const override { return 2; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;
};
extern template class BoundOp<GradientNormOp>;

enum class UpdateRule : uint8_t { adamw, lamb };

struct UpdateAttributes {
  UpdateRule rule = UpdateRule::adamw;
  float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-6f, max_gradient_norm = 1.0f;
  std::shared_ptr<const std::vector<ParameterSegment>> segments;
  bool compute_copy =
      false;  // the new parameters rounded to bf16 go to Memory::compute_copy in the same pass
};

// inputs: flat parameters, gradients, first and second moments [1, elements], scalars [1, 3], norm [1, 1];
// outputs: parameters and moments updated in place, skipped i32 [1, 1], workspace; with `compute_copy` also
// bf16 [1, elements]
class UpdateOp final : public BoundOp<UpdateOp> {
 public:
  enum Input { parameters, gradients, first_moment, second_moment, scalars, norm, input_count };
  enum Output { new_parameters, new_first_moment, new_second_moment, skipped, workspace, new_compute_copy };
  explicit UpdateOp(UpdateAttributes attributes) : attributes_(std::move(attributes)) {}
  std::string_view name() const override { return attributes_.rule == UpdateRule::adamw ? "adamw" : "lamb"; }
  double flops_per_element() const override { return attributes_.rule == UpdateRule::adamw ? 17 : 22; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  UpdateAttributes attributes_;
};
extern template class BoundOp<UpdateOp>;

// The two passes of LAMB over this process's share of the flat buffers, between which GatherSumsOp brings the
// sums of all processes together. The segments of the attributes are the same ones on all processes, each
// with what this process has of it.
//
// inputs: flat parameters, gradients, first and second moments [1, count], scalars, norm as UpdateOp's;
// outputs: moments updated in place, square sums f64 [1, 2 * segments], skipped i32 [1, 1], workspace
class LambMomentsOp final : public BoundOp<LambMomentsOp> {
 public:
  enum Input { parameters, gradients, first_moment, second_moment, scalars, norm, input_count };
  enum Output { new_first_moment, new_second_moment, square_sums, skipped, workspace };
  explicit LambMomentsOp(UpdateAttributes attributes) : attributes_(std::move(attributes)) {}
  std::string_view name() const override { return "lamb_moments"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  UpdateAttributes attributes_;
};
extern template class BoundOp<LambMomentsOp>;

// inputs: flat parameters and updated moments [1, count], scalars, norm, and f64 [1, processes * width] of
// which 2 * segments elements from `first_sum` of every process are the square sums; output: parameters,
// updated in place
class LambParametersOp final : public BoundOp<LambParametersOp> {
 public:
  enum Input { parameters, first_moment, second_moment, scalars, norm, square_sums, input_count };
  LambParametersOp(UpdateAttributes attributes, int64_t processes, int64_t first_sum)
      : attributes_(std::move(attributes)), processes_(processes), first_sum_(first_sum) {}
  std::string_view name() const override { return "lamb_parameters"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  std::vector<Alias> aliases() const override { return {{0, parameters, true}}; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  UpdateAttributes attributes_;
  int64_t processes_, first_sum_;
};
extern template class BoundOp<LambParametersOp>;

struct UpdateResults {
  ValueId norm, skipped;
};
// Collects `gradients`, takes their norm, clips and updates. `elements`: size of the flat buffers.
UpdateResults update_parameters(Graph& graph, const std::vector<ValueId>& gradients, int64_t elements,
                                DType dtype, ValueId scalars, const UpdateAttributes& attributes);

}  // namespace cloze
