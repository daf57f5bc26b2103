#include "engine/runtime/program.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/runtime/program_results.h"
#include "engine/runtime/read_tensor.h"

namespace cloze {
namespace {

template <typename T>
bool all_finite(const Tensor& tensor) {
  for (int64_t row = 0; row < tensor.live_rows(); ++row) {
    const T* values = tensor.row<T>(row);
    for (int64_t column = 0; column < tensor.columns; ++column) {
      if (!std::isfinite(widened(values[column]))) return false;
    }
  }
  return true;
}

bool finite(const Tensor& tensor) {
  if (tensor.dtype == DType::f32) return all_finite<float>(tensor);
  if (tensor.dtype == DType::f64) return all_finite<double>(tensor);
  if (tensor.dtype == DType::bf16) return all_finite<BFloat16>(tensor);
  if (tensor.dtype == DType::f8_e4m3) return all_finite<Float8E4M3>(tensor);
  if (tensor.dtype == DType::f8_e5m2) return all_finite<Float8E5M2>(tensor);
  return true;
}

int64_t most_tokens(const Graph& graph) {
  int64_t tokens = 0;
  for (const ValueId id : graph.inputs())
    if (graph.type(id).axis == Axis::tokens) tokens = std::max(tokens, graph.type(id).rows);
  return tokens;
}

bool is_parameter(const Home& home) {
  return home.memory == Memory::parameters || home.memory == Memory::compute_copy;
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
    case Memory::compute_copy:
      return compute_copy;
    case Memory::state:
      return state;
    case Memory::arena:
    case Memory::inputs:
      break;
  }
  throw Error({.what = fmt::format("`{}` is no flat buffer", name_of(which))});
}

template <class Device>
void ResidentMemory<Device>::place(const PlacedParameters& where) {
  const auto after = std::upper_bound(placed.begin(), placed.end(), where.begin,
                                      [](int64_t begin, const auto& each) { return begin < each.begin; });
  placed.insert(after, where);
}

template <class Device>
const std::byte* ResidentMemory<Device>::parameters_at(int64_t begin, int64_t end) const {
  const auto after = std::upper_bound(placed.begin(), placed.end(), begin,
                                      [](int64_t at, const auto& each) { return at < each.begin; });
  if (after != placed.begin() && std::prev(after)->end() > begin) {
    const PlacedParameters& found = *std::prev(after);
    if (end <= found.end()) return found.values.data() + (begin - found.begin);
  } else if (after == placed.end() || after->begin >= end) {
    return parameters.data() + begin;
  }
  throw Error({.what = "parameters of one value lie apart (an internal error)"});
}

template <class Device>
std::vector<MemoryUse> ResidentMemory<Device>::uses() const {
  return {{"parameters", parameters.bytes()},
          {"parameters to compute with", compute_copy.bytes()},
          {"gradients", gradients.bytes()},
          {"moments", first_moment.bytes() + second_moment.bytes()}};
}

template <class Device>
Program<Device>::Program(Holder& holder, Graph graph, const MemoryPlanOptions& options,
                         ResidentMemory<Device>& memory)
    : holder_(holder), graph_(std::move(graph)), plan_(plan_memory(graph_, options)), memory_(memory) {
  check_homes();
  place_inputs();
  try {
    inputs_ = std::make_unique<StepInputs<Device>>(holder_, live_offset_ + MemoryPlan::alignment);
    std::memset(inputs_->begin_writing() + live_offset_, 0, sizeof live_);
    place_arena();
  } catch (const CudaOutOfMemory& error) {
    std::vector<MemoryUse> uses = memory_.uses();
    uses.push_back(
        {fmt::format("activations and workspace of {} tokens", most_tokens(graph_)), plan_.arena_bytes});
    uses.push_back({"step inputs", 3 * live_offset_});
    throw not_enough_memory(uses, error);
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
  for (const ValueId id : graph_.inputs()) {
    input_offsets_[static_cast<size_t>(id.index)] = live_offset_;
    live_offset_ +=
        (graph_.type(id).bytes() + MemoryPlan::alignment - 1) / MemoryPlan::alignment * MemoryPlan::alignment;
  }
}

template <class Device>
void Program<Device>::place_arena() {
  using DeviceMemory = typename Holder::Memory;
  if (plan_.arena_bytes <= memory_.arena.bytes()) return;
  holder_.finish();                // what still runs may use the old one
  memory_.arena = DeviceMemory();  // the old one first: both need not fit
  memory_.arena = DeviceMemory(plan_.arena_bytes);
  ++memory_.generation;
}

template <class Device>
const std::byte* Program<Device>::address(ValueId id) const {
  const Value& value = graph_.value(id);
  switch (value.home.memory) {
    case Memory::arena: {
      const int64_t offset = plan_.offsets[static_cast<size_t>(id.index)];
      return offset == MemoryPlan::no_offset ? nullptr : memory_.arena.data() + offset;
    }
    case Memory::inputs:
      return inputs_->address() + input_offsets_[static_cast<size_t>(id.index)];
    default:
      break;
  }
  const int64_t begin = value.home.offset * static_cast<int64_t>(size_of(value.type.dtype));
  if (value.home.memory == Memory::parameters)
    return memory_.parameters_at(begin, begin + value.type.bytes());
  return memory_.flat(value.home.memory).data() + begin;
}

template <class Device>
Tensor Program<Device>::tensor(ValueId id) const {
  if (!id) return {};
  const ValueType& type = graph_.type(id);
  return {.data = const_cast<std::byte*>(address(id)),
          .dtype = type.dtype,
          .rows = type.rows,
          .columns = type.columns,
          .stride = type.columns,
          .live = type.axis == Axis::fixed ? nullptr : live_address(type.axis)};
}

template <class Device>
const int32_t* Program<Device>::live_address(Axis axis) const {
  return reinterpret_cast<const int32_t*>(inputs_->address() + live_offset_) + static_cast<size_t>(axis);
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
  std::vector<NamedLaunch> launches;
  for (const Node& node : graph_.nodes()) {
    Operands operands;
    operands.precision = node.precision;
    for (const ValueId id : node.inputs) operands.inputs.push_back(tensor(id));
    for (const ValueId id : node.outputs) operands.outputs.push_back(tensor(id));
    for (const ValueId base : node.bases) {
      operands.modes.push_back(base ? GradientMode::accumulate : GradientMode::overwrite);
    }
    launches.push_back({node.op->bind(holder_.device(), operands),
                        fmt::format("{} in {}", node.op->name(), node.scope), node.op->before_run()});
  }
  launches_.assign(std::move(launches), memory_.record_steps);
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
Tensor Program<Device>::written_input(Slot slot) {
  Tensor result = tensor({slot.index});
  result.data = inputs_->begin_writing() + input_offsets_[static_cast<size_t>(slot.index)];
  return result;
}

template <class Device>
void Program<Device>::write(Slot slot, std::span<const int32_t> values) {
  const Tensor target = written_input(slot);
  const size_t count = std::min(values.size(), static_cast<size_t>(target.rows * target.columns));
  std::copy_n(values.begin(), count, target.as<int32_t>());
}

template <class Device>
void Program<Device>::write(Slot slot, std::span<const float> values) {
  const Tensor target = written_input(slot);
  const size_t count = std::min(values.size(), static_cast<size_t>(target.rows * target.columns));
  if (target.dtype == DType::f64)
    std::copy_n(values.begin(), count, target.as<double>());
  else
    std::copy_n(values.begin(), count, target.as<float>());
}

template <class Device>
void Program<Device>::set_live(Axis axis, int64_t count) {
  const auto index = static_cast<size_t>(axis);
  live_[index] = static_cast<int32_t>(count);
  reinterpret_cast<int32_t*>(inputs_->begin_writing() + live_offset_)[index] = live_[index];
}

template <class Device>
void Program<Device>::begin() {
  if (generation_ != memory_.generation) bind();
  inputs_->send();
}

template <class Device>
void Program<Device>::run() {
  begin();
  launches_.run(holder_.device());
}

template <class Device>
std::unique_ptr<KeptResults> Program<Device>::kept_results(const std::vector<Slot>& results) {
  return std::make_unique<ProgramResults<Device>>(*this, results);
}

template <class Device>
void Program<Device>::run_timed(std::vector<LaunchTime>& times) {
  begin();
  launches_.run_timed(holder_.device(), times);
}

template <class Device>
void Program<Device>::run_traced([[maybe_unused]] GpuTrace& trace,
                                 [[maybe_unused]] std::vector<LaunchTime>& times) {
  if constexpr (std::is_same_v<Device, Cuda>) {
    begin();
    launches_.run_traced(holder_.device(), trace, times);
  } else {
    throw Error({.what = "only what a GPU runs is traced"});
  }
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
  read_tensor(source, values);
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
  begin();
  for (size_t n = 0; n < graph_.nodes().size(); ++n) {
    const Node& node = graph_.nodes()[n];
    if (node.phase == Phase::update) break;
    for (const ValueId id : node.inputs) {
      if (id && is_parameter(graph_.value(id).home) && !finite(on_host(id))) {
        return fmt::format("parameter {}", graph_.value(id).name);
      }
    }
    launches_.run_one(n);
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
