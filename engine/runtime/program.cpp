#include "engine/runtime/program.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace cloze {
namespace {

template <typename From, typename To>
void convert(const From* from, To* to, size_t count) {
  std::transform(from, from + count, to, [](From value) { return static_cast<To>(value); });
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

template <class Device>
auto ResidentMemory<Device>::flat(Memory which) const -> const DeviceMemory& {
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
Program<Device>::Program(Holder& holder, Graph graph, const MemoryPlanOptions& options,
                         ResidentMemory<Device>& memory)
    : holder_(holder), graph_(std::move(graph)), plan_(plan_memory(graph_, options)), memory_(memory) {
  using DeviceMemory = typename Holder::Memory;
  check_homes();
  place_inputs();
  if (plan_.arena_bytes > memory_.arena.bytes()) {
    memory_.arena = DeviceMemory();  // the old one first: both need not fit
    memory_.arena = DeviceMemory(plan_.arena_bytes);
    ++memory_.generation;
  }
}

// A graph for other flat buffers than the engine has would write anywhere.
template <class Device>
void Program<Device>::check_homes() const {
  for (size_t i = 0; i < graph_.value_count(); ++i) {
    const Value& value = graph_.value({static_cast<int32_t>(i)});
    if (value.home.memory == Memory::arena || value.home.memory == Memory::inputs) continue;
    const int64_t end =
        value.home.offset * static_cast<int64_t>(size_of(value.type.dtype)) + value.type.bytes();
    if (end > memory_.flat(value.home.memory).bytes())
      throw Error({.what = "a value lies outside its flat buffer (an internal error)",
                   .where = fmt::format("{} %{}", name_of(value.home.memory), i)});
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
  inputs_ = typename Holder::Memory(bytes);
  if constexpr (!Holder::on_host) {
    device_live_ = typename Holder::Memory(sizeof live_);
    holder_.copy_in(device_live_.data(), live_.data(), sizeof live_);
  }
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
          .live = type.axis == Axis::fixed ? nullptr : live_address(type.axis)};
}

template <class Device>
const int32_t* Program<Device>::live_address(Axis axis) const {
  const auto index = static_cast<size_t>(axis);
  if constexpr (Holder::on_host) return &live_[index];
  return reinterpret_cast<const int32_t*>(device_live_.data()) + index;
}

template <class Device>
Tensor Program<Device>::on_host(ValueId id) const {
  Tensor result = tensor(id);
  if constexpr (!Holder::on_host) {
    const int64_t bytes = graph_.type(id).bytes();
    copied_.resize(static_cast<size_t>(bytes));
    holder_.copy_out(copied_.data(), result.data, bytes);
    result.data = copied_.data();
    if (result.live != nullptr) result.live = &live_[static_cast<size_t>(graph_.type(id).axis)];
  }
  return result;
}

template <class Device>
void Program<Device>::bind() {
  std::vector<Launch> launches;
  for (const Node& node : graph_.nodes()) {
    Operands operands;
    for (const ValueId id : node.inputs) operands.inputs.push_back(tensor(id));
    for (const ValueId id : node.outputs) operands.outputs.push_back(tensor(id));
    for (const ValueId base : node.bases) {
      operands.modes.push_back(base ? GradientMode::accumulate : GradientMode::overwrite);
    }
    launches.push_back(node.op->bind(holder_.device(), operands));
  }
  launches_.assign(std::move(launches));
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
  const size_t count = std::min(values.size(), static_cast<size_t>(target.rows * target.columns));
  holder_.copy_in(target.as<int32_t>(), values.data(), static_cast<int64_t>(count * sizeof(int32_t)));
}

template <class Device>
void Program<Device>::write(Slot slot, std::span<const float> values) {
  const Tensor target = tensor({slot.index});
  const size_t count = std::min(values.size(), static_cast<size_t>(target.rows * target.columns));
  if constexpr (Holder::on_host)
    if (target.dtype == DType::f64) return convert(values.data(), target.as<double>(), count);
  holder_.copy_in(target.as<float>(), values.data(), static_cast<int64_t>(count * sizeof(float)));
}

template <class Device>
void Program<Device>::set_live(Axis axis, int64_t count) {
  const auto index = static_cast<size_t>(axis);
  live_[index] = static_cast<int32_t>(count);
  if constexpr (!Holder::on_host)
    holder_.copy_in(device_live_.data() + index * sizeof(int32_t), &live_[index], sizeof(int32_t));
}

template <class Device>
void Program<Device>::run() {
  if (generation_ != memory_.generation) bind();
  launches_.run(holder_.device());
}

template <class Device>
void Program<Device>::run_timed(std::vector<LaunchTime>& times) {
  if (generation_ != memory_.generation) bind();
  launches_.run_timed(holder_.device(), times);
}

// No more is copied than asked for.
template <class Device>
template <typename To>
void Program<Device>::copy_result(Slot slot, std::span<To> values) const {
  Tensor source = tensor({slot.index});
  if constexpr (!Holder::on_host) {
    const size_t count = std::min(values.size(), static_cast<size_t>(source.rows * source.columns));
    copied_.resize(count * size_of(source.dtype));
    holder_.copy_out(copied_.data(), source.data, static_cast<int64_t>(copied_.size()));
    source.data = copied_.data();
  }
  copy_out(source, values);
}

template <class Device>
void Program<Device>::read(Slot slot, std::span<int32_t> values) const {
  copy_result(slot, values);
}
template <class Device>
void Program<Device>::read(Slot slot, std::span<float> values) const {
  copy_result(slot, values);
}
template <class Device>
void Program<Device>::read(Slot slot, std::span<double> values) const {
  copy_result(slot, values);
}

template <class Device>
std::optional<std::string> Program<Device>::first_non_finite() {
  if (generation_ != memory_.generation) bind();
  for (size_t n = 0; n < launches_.launches().size(); ++n) {
    const Node& node = graph_.nodes()[n];
    if (node.phase == Phase::update) break;
    for (const ValueId id : node.inputs) {
      if (id && graph_.value(id).home.memory == Memory::parameters && !finite(on_host(id))) {
        return fmt::format("parameter {}", graph_.value(id).name);
      }
    }
    launches_.launches()[n]();
    for (const ValueId id : node.outputs) {
      const bool scratch = graph_.type(id).rows == 1 && graph_.value(id).home.memory == Memory::arena;
      if (!scratch && !finite(on_host(id))) return fmt::format("{} in {}", node.op->name(), node.scope);
    }
  }
  return std::nullopt;
}

template class Program<Cpu>;
template class Program<Reference>;
template class Program<Cuda>;
template struct ResidentMemory<Cpu>;
template struct ResidentMemory<Reference>;
template struct ResidentMemory<Cuda>;

}  // namespace cloze
