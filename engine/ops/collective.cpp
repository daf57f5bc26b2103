#include "engine/ops/collective.h"

#include <fmt/core.h>

#include <numeric>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/ops/shape_rules.h"

namespace cloze {

std::string ReduceBucketOp::attributes() const {
  return fmt::format("offset={} count={} ranks={}", offset_, count_, communicator_->size());
}

std::vector<ValueType> ReduceBucketOp::output_types(std::span<const ValueType> inputs) const {
  require(!inputs.empty() && is_real(inputs[0]), "there are no gradients to reduce");
  for (const ValueType& gradient : inputs) {
    require(gradient.dtype == inputs[0].dtype && gradient.axis == Axis::fixed,
            "gradients of parameters must be of one precision");
  }
  return {{inputs[0].dtype, 1, count_}};
}

template <class Device>
Launch ReduceBucketOp::bind_on(Device&, const Operands& operands) const {
  if (communicator_->size() == 1) return [] {};
  if constexpr (std::is_same_v<Device, Reference>) {
    throw Error({.what = "the reference device computes in one process only"});
  } else {
    const std::shared_ptr<Collective> sum = communicator_->all_reduce(
        {operands.outputs[0].as<float>(), static_cast<size_t>(operands.outputs[0].columns)});
    return [sum, keep_alive = communicator_] { sum->start(); };
  }
}

std::vector<ValueType> JoinReductionsOp::output_types(std::span<const ValueType> inputs) const {
  require(!inputs.empty() && is_real(inputs[0]), "there are no reductions to join");
  for (const ValueType& bucket : inputs)
    require(bucket == ValueType{inputs[0].dtype, 1, bucket.columns},
            "buckets must be [1, count] of one precision");
  const int64_t count =
      std::accumulate(inputs.begin(), inputs.end(), int64_t{0},
                      [](int64_t sum, const ValueType& bucket) { return sum + bucket.columns; });
  require(count == elements_, "the buckets are not the whole of the flat gradients");
  return {{inputs[0].dtype, 1, elements_}};
}

template <class Device>
Launch JoinReductionsOp::bind_on(Device&, const Operands&) const {
  return [communicator = communicator_] { communicator->wait_for_all(); };
}

template class BoundOp<ReduceBucketOp>;
template class BoundOp<JoinReductionsOp>;

}  // namespace cloze
