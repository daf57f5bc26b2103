#include "engine/runtime/program.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"

namespace cloze {
namespace {

template <typename From, typename To>
void convert(const From* from, To* to, size_t count) {
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(to, from, count * sizeof(To));
  } else {
    for (size_t i = 0; i < count; ++i) to[i] = static_cast<To>(from[i]);
  }
}

template <typename To>
void copy_out(const Tensor& tensor, std::span<To> values) {
  const size_t count = std::min(values.size(), static_cast<size_t>(tensor.rows * tensor.columns));
  if (tensor.dtype == DType::f32) return convert(tensor.as<float>(), values.data(), count);
  if (tensor.dtype == DType::f64) return convert(tensor.as<double>(), values.data(), count);
  convert(tensor.as<int32_t>(), values.data(), count);
}

template <typename T>
bool all_finite(const Tensor& tensor) {
  for (int64_t row = 0; row < tensor.live_rows(); ++row) {
    const T* values = tensor.row<T>(row);
    for (int64_t column = 0; column < tensor.columns; ++column) {
      if (!std::isfinite(values[column])) return false;
    }
  }
  return true;
}

bool finite(const Tensor& tensor) {
  if (tensor.dtype == DType::f32) return all_finite<float>(tensor);
  if (tensor.dtype == DType::f64) return all_finite<double>(tensor);
  return true;
}

}  // namespace

const HostMemory& ResidentMemory::flat(Memory which) const {
  switch (which) {
    case Memory::parameters:
      return parameters;
    case Memory::gradients:
      return gradients;
    case Memory::first_moment:
      return first_moment;
    case Memory::second_moment:
      return second_moment;
    case Memory::arena:
    case Memory::inputs:
      break;
  }
  throw Error({.what = fmt::format("`{}` is no flat buffer", name_of(which))});
}

template <class Device>
Program<Device>::Program(Device& device, Graph graph, const MemoryPlanOptions& options,
                         ResidentMemory& memory)
    : device_(device), graph_(std::move(graph)), plan_(plan_memory(graph_, options)), memory_(memory) {
  place_inputs();
  if (plan_.arena_bytes > memory_.arena.bytes()) {
    memory_.arena = HostMemory();  // the old one first: both need not fit
    memory_.arena = HostMemory(plan_.arena_bytes);
    ++memory_.generation;
  }
}

template <class Device>
void Program<Device>::place_inputs() {
  input_offsets_.assign(graph_.value_count(), -1);
  int64_t bytes = 0;
  for (const ValueId id : graph_.inputs()) {
    input_offsets_[static_cast<size_t>(id.index)] = bytes;
    bytes +=
        (graph_.type(id).bytes() + MemoryPlan::alignment - 1) / MemoryPlan::alignment * MemoryPlan::alignment;
  }
  inputs_ = HostMemory(bytes);
}

template <class Device>
std::byte* Program<Device>::address(ValueId id) const {
  const Value& value = graph_.value(id);
  switch (value.home.memory) {
    case Memory::arena: {
      const int64_t offset = plan_.offsets[static_cast<size_t>(id.index)];
      return offset == MemoryPlan::no_offset ? nullptr : memory_.arena.data() + offset;
    }
    case Memory::inputs:
      return inputs_.data() + input_offsets_[static_cast<size_t>(id.index)];
    default:
      break;
  }
  const auto element = static_cast<int64_t>(size_of(value.type.dtype));
  return memory_.flat(value.home.memory).data() + value.home.offset * element;
}

template <class Device>
Tensor Program<Device>::tensor(ValueId id) const {
  if (!id) return {};
  const ValueType& type = graph_.type(id);
  return {.data = address(id),
          .dtype = type.dtype,
          .rows = type.rows,
          .columns = type.columns,
          .stride = type.columns,
          .live = type.axis == Axis::fixed ? nullptr : &live_[static_cast<size_t>(type.axis)]};
}

template <class Device>
void Program<Device>::bind() {
  launches_.clear();
  for (const Node& node : graph_.nodes()) {
    Operands operands;
    for (const ValueId id : node.inputs) operands.inputs.push_back(tensor(id));
    for (const ValueId id : node.outputs) operands.outputs.push_back(tensor(id));
    for (const ValueId base : node.bases) {
      operands.modes.push_back(base ? GradientMode::accumulate : GradientMode::overwrite);
    }
    launches_.push_back(node.op->bind(device_, operands));
  }
  generation_ = memory_.generation;
}

template <class Device>
Slot Program<Device>::input(std::string_view name) const {
  return {graph_.find_input(name).index};
}

template <class Device>
Slot Program<Device>::result(std::string_view name) const {
  for (const Graph::Result& result : graph_.results()) {
    if (result.name == name) return {result.value.index};
  }
  return {};
}

template <class Device>
void Program<Device>::write(Slot slot, std::span<const int32_t> values) {
  const Tensor target = tensor({slot.index});
  convert(values.data(), target.as<int32_t>(),
          std::min(values.size(), static_cast<size_t>(target.rows * target.columns)));
}

template <class Device>
void Program<Device>::write(Slot slot, std::span<const float> values) {
  const Tensor target = tensor({slot.index});
  const size_t count = std::min(values.size(), static_cast<size_t>(target.rows * target.columns));
  if (target.dtype == DType::f64) return convert(values.data(), target.as<double>(), count);
  convert(values.data(), target.as<float>(), count);
}

template <class Device>
void Program<Device>::set_live(Axis axis, int64_t count) {
  live_[static_cast<size_t>(axis)] = static_cast<int32_t>(count);
}

template <class Device>
void Program<Device>::run() {
  if (generation_ != memory_.generation) bind();
  for (const Launch& launch : launches_) launch();
}

template <class Device>
void Program<Device>::read(Slot slot, std::span<int32_t> values) const {
  copy_out(tensor({slot.index}), values);
}
template <class Device>
void Program<Device>::read(Slot slot, std::span<float> values) const {
  copy_out(tensor({slot.index}), values);
}
template <class Device>
void Program<Device>::read(Slot slot, std::span<double> values) const {
  copy_out(tensor({slot.index}), values);
}

template <class Device>
std::optional<std::string> Program<Device>::first_non_finite() {
  if (generation_ != memory_.generation) bind();
  for (size_t n = 0; n < launches_.size(); ++n) {
    const Node& node = graph_.nodes()[n];
    if (node.phase == Phase::update) break;
    for (const ValueId id : node.inputs) {
      if (id && graph_.value(id).home.memory == Memory::parameters && !finite(tensor(id))) {
        return fmt::format("parameter {}", graph_.value(id).name);
      }
    }
    launches_[n]();
    for (const ValueId id : node.outputs) {
      const bool scratch = graph_.type(id).rows == 1 && graph_.value(id).home.memory == Memory::arena;
      if (!scratch && !finite(tensor(id))) return fmt::format("{} in {}", node.op->name(), node.scope);
    }
  }
  return std::nullopt;
}

template class Program<Cpu>;
template class Program<Reference>;

}  // namespace cloze
