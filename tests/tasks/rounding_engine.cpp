#include "tests/tasks/rounding_engine.h"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/common/bfloat16.h"

namespace cloze::testing {
namespace {

using FlatBuffers = std::map<Memory, std::vector<float>>;

void round_to_bfloat16(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] = to_float(to_bfloat16(values[i]));
}

class RoundingExecutable final : public Executable {
 public:
  RoundingExecutable(Graph graph, FlatBuffers& flat)
      : graph_(std::move(graph)), flat_(flat), arena_(graph_.value_count()) {
    plan_ = plan_memory(graph_);
    for (const Node& node : graph_.nodes()) bind(node);
  }

  Slot input(std::string_view name) const override { return {graph_.find_input(name).index}; }
  Slot result(std::string_view name) const override {
    for (const Graph::Result& result : graph_.results()) {
      if (result.name == name) return {result.value.index};
    }
    return {};
  }
  ValueType type(Slot slot) const override { return graph_.type({slot.index}); }
  void write(Slot slot, std::span<const int32_t> values) override { fill<int32_t>(slot, values); }
  void write(Slot slot, std::span<const float> values) override { fill<float>(slot, values); }
  void set_live(Axis axis, int64_t count) override {
    live_[static_cast<size_t>(axis)] = static_cast<int32_t>(count);
  }
  int64_t live(Axis axis) const override { return live_[static_cast<size_t>(axis)]; }

  void run() override {
    for (size_t n = 0; n < launches_.size(); ++n) {
      launches_[n]();
      for (const ValueId id : graph_.nodes()[n].outputs) round(id);
    }
  }

  void run_timed(std::vector<LaunchTime>&) override {
    throw std::logic_error("the rounding engine takes no times");
  }

  void run_traced(GpuTrace&, std::vector<LaunchTime>&) override {
    throw std::logic_error("the rounding engine takes no times");
  }

  std::unique_ptr<KeptResults> kept_results(const std::vector<Slot>&) override {
    throw std::logic_error("the rounding engine keeps no results");
  }
  void read(Slot slot, std::span<int32_t> values) const override { copy<int32_t>(slot, values); }
  void read(Slot slot, std::span<float> values) const override { copy<float>(slot, values); }
  void read(Slot slot, std::span<double> values) const override { copy<float>(slot, values); }
  std::optional<std::string> first_non_finite() override { return std::nullopt; }
  const Graph& graph() const override { return graph_; }
  const MemoryPlan& plan() const override { return plan_; }

 private:
  // The type a value is kept in.
  static DType kept_type(const ValueType& type) {
    return type.dtype == DType::bf16 ? DType::f32 : type.dtype;
  }

  Tensor tensor(ValueId id) {
    if (!id) return {};
    const ValueType& type = graph_.type(id);
    return {.data = address(id),
            .dtype = kept_type(type),
            .rows = type.rows,
            .columns = type.columns,
            .stride = type.columns,
            .live = type.axis == Axis::fixed ? nullptr : &live_[static_cast<size_t>(type.axis)]};
  }

  void* address(ValueId id) {
    const Home home = graph_.value(id).home;
    if (const auto flat = flat_.find(home.memory); flat != flat_.end())
      return flat->second.data() + home.offset;
    auto& memory = arena_[static_cast<size_t>(id.index)];
    if (memory == nullptr) {
      const ValueType& type = graph_.type(id);
      memory = std::make_shared<std::vector<char>>(static_cast<size_t>(type.elements()) *
                                                   size_of(kept_type(type)));
    }
    return memory->data();
  }

  void bind(const Node& node) {
    Operands operands;
    for (const ValueId id : node.inputs) operands.inputs.push_back(tensor(id));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (const ValueId base = node.bases[i]) {
        address(base);
        arena_[static_cast<size_t>(node.outputs[i].index)] = arena_[static_cast<size_t>(base.index)];
      }
      operands.outputs.push_back(tensor(node.outputs[i]));
      operands.modes.push_back(node.bases[i] ? GradientMode::accumulate : GradientMode::overwrite);
    }
    launches_.push_back(node.op->bind(reference_, operands));
  }

  void round(ValueId id) {
    if (graph_.type(id).dtype != DType::bf16) return;
    const Tensor written = tensor(id);
    round_to_bfloat16(written.as<float>(), written.live_rows() * written.columns);
  }

  template <typename T>
  void fill(Slot slot, std::span<const T> values) {
    const Tensor target = tensor({slot.index});
    const size_t count = std::min(values.size(), static_cast<size_t>(target.rows * target.columns));
    std::copy_n(values.begin(), count, target.as<T>());
  }
  template <typename From, typename To>
  void copy(Slot slot, std::span<To> values) const {
    const Tensor source = const_cast<RoundingExecutable*>(this)->tensor({slot.index});
    const size_t count = std::min(values.size(), static_cast<size_t>(source.rows * source.columns));
    std::copy_n(source.as<From>(), count, values.begin());
  }

  Graph graph_;
  MemoryPlan plan_;
  FlatBuffers& flat_;
  std::vector<std::shared_ptr<std::vector<char>>> arena_;  // per value
  std::array<int32_t, axis_count> live_{};
  Reference reference_;
  std::vector<Launch> launches_;
};

class RoundingEngine final : public Engine {
 public:
  RoundingEngine(int64_t elements, Precision precision, StateLayout state)
      : precision_(precision), state_(std::move(state)) {
    for (const Memory memory : {Memory::parameters, Memory::gradients, Memory::first_moment,
                                Memory::second_moment, Memory::compute_copy})
      flat_[memory].resize(static_cast<size_t>(elements));
    flat_[Memory::state].resize(static_cast<size_t>(state_.elements()));
    for (const StateValue& value : state_.values())
      std::copy(value.initial.begin(), value.initial.end(), flat_[Memory::state].begin() + value.offset);
  }

  DeviceKind kind() const override { return DeviceKind::reference; }
  std::string device_name() const override { return "rounding reference"; }
  DType real() const override { return DType::f32; }
  Target target() const override { return {.architecture = Architecture::cuda, .precision = precision_}; }
  std::unique_ptr<Executable> compile(Graph graph, const MemoryPlanOptions&) override {
    return std::make_unique<RoundingExecutable>(std::move(graph), flat_);
  }
  void compute_attention_by_cudnn() override {}
  void record_steps(bool) override {}
  void read(Memory memory, int64_t offset, std::span<float> values) const override {
    std::copy_n(flat_.at(memory).begin() + offset, values.size(), values.begin());
  }
  void read(Memory memory, int64_t offset, std::span<double> values) const override {
    std::copy_n(flat_.at(memory).begin() + offset, values.size(), values.begin());
  }
  void write(Memory memory, int64_t offset, std::span<const float> values) override {
    std::copy(values.begin(), values.end(), flat_.at(memory).begin() + offset);
    if (memory != Memory::parameters) return;
    float* copy = flat_.at(Memory::compute_copy).data() + offset;
    std::copy(values.begin(), values.end(), copy);
    round_to_bfloat16(copy, static_cast<int64_t>(values.size()));
  }
  std::span<const float> view(Memory) const override { return {}; }
  std::span<float> writable_view(Memory) override { return {}; }
  bool place(int64_t, std::span<const float>) override { return false; }
  const StateLayout& state() const override { return state_; }
  std::span<std::byte> bytes(Memory) override { return {}; }
  int64_t arena_bytes() const override { return 0; }

 private:
  const Precision precision_;
  const StateLayout state_;
  FlatBuffers flat_;
};

}  // namespace

std::unique_ptr<Engine> make_rounding_engine(int64_t elements) {
  return std::make_unique<RoundingEngine>(elements, Precision::bf16, StateLayout());
}

std::unique_ptr<Engine> make_rounding_engine_of_fp8(int64_t elements, StateLayout state) {
  return std::make_unique<RoundingEngine>(elements, Precision::fp8, std::move(state));
}

}  // namespace cloze::testing
