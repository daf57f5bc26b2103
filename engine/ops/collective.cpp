#include "engine/ops/collective.h"

#include <fmt/core.h>

#include <cstring>
#include <numeric>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/ops/shape_rules.h"
#include "kernels/common/cuda_memory.h"

namespace cloze {
namespace {

int64_t elements_of(std::span<const ValueType> values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0},
                         [](int64_t sum, const ValueType& value) { return sum + value.elements(); });
}

// A launch that begins what `make` makes of the output's memory. Nothing for one process.
template <class Device, typename Make>
Launch start_of(const std::shared_ptr<Communicator>& communicator, const Tensor& range, const Make& make) {
  if (communicator->size() == 1) return [] {};
  if constexpr (std::is_same_v<Device, Reference>) {
    throw Error({.what = "the reference device computes in one process only"});
  } else {
    const std::shared_ptr<Collective> collective =
        make(std::span(range.as<float>(), static_cast<size_t>(range.columns)));
    return [collective, keep_alive = communicator] { collective->start(); };
  }
}

template <class Device>
void clear(Device& device, void* target, int64_t bytes) {
  if constexpr (std::is_same_v<Device, Cuda>) {
    cuda_clear(device, target, bytes);
  } else {
    std::memset(target, 0, static_cast<size_t>(bytes));
  }
}

template <class Device>
void copy(Device& device, void* target, const void* source, int64_t bytes) {
  if constexpr (std::is_same_v<Device, Cuda>) {
    cuda_copy_within(device, target, source, bytes);
  } else {
    std::memcpy(target, source, static_cast<size_t>(bytes));
  }
}

}  // namespace

std::string ReduceBucketOp::attributes() const {
  return fmt::format("offset={} count={} ranks={}{}{}", offset_, count_, communicator_->size(),
                     sum_ == SumOf::share ? " sum=share" : "", wire_ == Wire::bf16 ? " wire=bf16" : "");
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
  return start_of<Device>(communicator_, operands.outputs[0], [&](std::span<float> values) {
    return sum_ == SumOf::share ? communicator_->reduce_scatter(values, wire_)
                                : communicator_->all_reduce(values, wire_);
  });
}

std::vector<ValueType> JoinCollectivesOp::output_types(std::span<const ValueType> inputs) const {
  require(!inputs.empty() && is_real(inputs[0]), "there are no collectives to join");
  for (const ValueType& bucket : inputs)
    require(bucket == ValueType{inputs[0].dtype, 1, bucket.columns},
            "buckets must be [1, count] of one precision");
  require(std::accumulate(counts_.begin(), counts_.end(), int64_t{0}) <= elements_of(inputs),
          "more is read than was joined");
  std::vector<ValueType> outputs;
  for (const int64_t count : counts_) outputs.push_back({inputs[0].dtype, 1, count});
  return outputs;
}

template <class Device>
Launch JoinCollectivesOp::bind_on(Device&, const Operands&) const {
  return [communicator = communicator_] { communicator->wait_for_all(); };
}

Launch JoinCollectivesOp::before_run() const {
  return [communicator = communicator_] { communicator->before_run(); };
}

// What each rank gives is a multiple of what shares are aligned to, and so is the rank's share of the output.
std::vector<ValueType> GatherSumsOp::output_types(std::span<const ValueType> inputs) const {
  require(!inputs.empty() && is_real(inputs[0]), "there is nothing to gather");
  for (const ValueType& input : inputs) {
    require(input == ValueType{inputs[0].dtype, 1, input.columns}, "sums must be [1, any] of one precision");
  }
  const int64_t width = (elements_of(inputs) + share_alignment - 1) / share_alignment * share_alignment;
  return {{inputs[0].dtype, 1, communicator_->size() * width}};
}

template <class Device>
Launch GatherSumsOp::bind_on(Device& device, const Operands& operands) const {
  const Tensor all = operands.outputs[0];
  const auto element = static_cast<int64_t>(size_of(all.dtype));
  const int64_t bytes = all.columns / communicator_->size() * element;
  auto* own = static_cast<std::byte*>(all.data) + communicator_->rank() * bytes;
  std::shared_ptr<Collective> gathering;
  if (communicator_->size() > 1) {
    const auto floats = static_cast<size_t>(all.columns * element) / sizeof(float);
    gathering = communicator_->all_gather({static_cast<float*>(all.data), floats});
  }
  return [&device, own, bytes, element, gathering, inputs = operands.inputs, keep_alive = communicator_] {
    clear(device, own, bytes);
    std::byte* target = own;
    for (const Tensor& input : inputs) {
      copy(device, target, input.data, input.columns * element);
      target += input.columns * element;
    }
    if (gathering) run(*gathering);
  };
}

std::string GatherBucketOp::attributes() const {
  return fmt::format("offset={} count={} ranks={}", offset_, count_, communicator_->size());
}

std::vector<ValueType> GatherBucketOp::output_types(std::span<const ValueType> inputs) const {
  require(inputs.size() == 1 && is_real(inputs[0]), "a bucket is gathered from one share");
  const Share share = share_of(count_, communicator_->rank(), communicator_->size());
  require(inputs[0] == ValueType{inputs[0].dtype, 1, share.size()}, "this is not the rank's share");
  return {{inputs[0].dtype, 1, count_}};
}

template <class Device>
Launch GatherBucketOp::bind_on(Device&, const Operands& operands) const {
  return start_of<Device>(communicator_, operands.outputs[0],
                          [&](std::span<float> values) { return communicator_->all_gather(values); });
}

template class BoundOp<ReduceBucketOp>;
template class BoundOp<JoinCollectivesOp>;
template class BoundOp<GatherSumsOp>;
template class BoundOp<GatherBucketOp>;

}  // namespace cloze
