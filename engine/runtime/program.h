#pragma once

#include <array>
#include <vector>

#include "engine/runtime/device_memory.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/launch_list.h"
#include "engine/runtime/memory_report.h"
#include "engine/runtime/step_inputs.h"

namespace cloze {

// Parameters that programs read where they lie, outside the flat buffer.
struct PlacedParameters {
  int64_t begin = 0;  // in the flat buffer, bytes
  std::span<const std::byte> values;
  int64_t end() const { return begin + static_cast<int64_t>(values.size()); }
};

// What the executables of one engine share.
template <class Device>
struct ResidentMemory {
  using DeviceMemory = typename DeviceHolder<Device>::Memory;
  DType real = DType::f32;
  DeviceMemory parameters, gradients, first_moment, second_moment;
  DeviceMemory compute_copy;  // of the parameters, in a run of low precision
  DeviceMemory state;
  DeviceMemory arena;  // grows while programs are compiled
  bool record_steps = true;
  int64_t generation = 0;  // counts arena growths: programs bind again before they run

  std::vector<PlacedParameters> placed;  // by `begin`, not overlapping

  const DeviceMemory& flat(Memory memory) const;
  void place(const PlacedParameters& where);
  // Where parameters [begin, end) of the flat buffer, in bytes, are read.
  const std::byte* parameters_at(int64_t begin, int64_t end) const;
  std::vector<MemoryUse> uses() const;  // of the flat buffers
};

// A graph bound to a device.
template <class Device>
class Program final : public Executable {
 public:
  using Holder = DeviceHolder<Device>;
  Program(Holder& holder, Graph graph, const MemoryPlanOptions& options, ResidentMemory<Device>& memory);

  Slot input(std::string_view name) const override;
  Slot result(std::string_view name) const override;
  ValueType type(Slot slot) const override { return graph_.type({slot.index}); }
  void write(Slot slot, std::span<const int32_t> values) override;
  void write(Slot slot, std::span<const float> values) override;
  void set_live(Axis axis, int64_t count) override;
  int64_t live(Axis axis) const override { return live_[static_cast<size_t>(axis)]; }
  void run() override;
  std::unique_ptr<KeptResults> kept_results(const std::vector<Slot>& results) override;
  void run_timed(std::vector<LaunchTime>& times) override;
  void run_traced(GpuTrace& trace, std::vector<LaunchTime>& times) override;
  void read(Slot slot, std::span<int32_t> values) const override;
  void read(Slot slot, std::span<float> values) const override;
  void read(Slot slot, std::span<double> values) const override;
  std::optional<std::string> first_non_finite() override;
  Tensor tensor(ValueId id) const;
  Holder& holder() const { return holder_; }
  const Graph& graph() const override { return graph_; }
  const MemoryPlan& plan() const override { return plan_; }

 private:
  void check_homes() const;
  void place_inputs();
  void place_arena();
  void begin();
  void bind();
  Tensor written_input(Slot slot);  // where the host writes it
  const std::byte* address(ValueId id) const;
  const int32_t* live_address(Axis axis) const;
  Tensor on_host(ValueId id) const;  // a copy where the device has memory of its own
  template <typename To>
  void copy_result(Slot slot, std::span<To> values) const;

  Holder& holder_;
  Graph graph_;
  MemoryPlan plan_;
  ResidentMemory<Device>& memory_;
  std::unique_ptr<StepInputs<Device>> inputs_;  // and, at their end, the live counts
  std::vector<int64_t> input_offsets_;          // bytes, per value
  int64_t live_offset_ = 0;
  std::array<int32_t, axis_count> live_{};
  mutable std::vector<std::byte> copied_;  // of on_host
  LaunchList<Device> launches_;
  int64_t generation_ = -1;
};

extern template class Program<Cpu>;
extern template class Program<Reference>;
extern template class Program<Cuda>;

}  // namespace cloze
