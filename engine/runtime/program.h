#pragma once

#include <array>
#include <vector>

#include "engine/runtime/engine.h"
#include "engine/runtime/host_memory.h"

namespace cloze {

// What the executables of one engine share.
struct ResidentMemory {
  DType real = DType::f32;
  HostMemory parameters, gradients, first_moment, second_moment;
  HostMemory arena;        // grows while programs are compiled
  int64_t generation = 0;  // counts arena growths: programs bind again before they run

  const HostMemory& flat(Memory memory) const;
};

// A graph bound to a device of the host (Cpu, Reference).
template <class Device>
class Program final : public Executable {
 public:
  Program(Device& device, Graph graph, const MemoryPlanOptions& options, ResidentMemory& memory);

  Slot input(std::string_view name) const override;
  Slot result(std::string_view name) const override;
  ValueType type(Slot slot) const override { return graph_.type({slot.index}); }
  void write(Slot slot, std::span<const int32_t> values) override;
  void write(Slot slot, std::span<const float> values) override;
  void set_live(Axis axis, int64_t count) override;
  void run() override;
  void read(Slot slot, std::span<int32_t> values) const override;
  void read(Slot slot, std::span<float> values) const override;
  void read(Slot slot, std::span<double> values) const override;
  std::optional<std::string> first_non_finite() override;
  const Graph& graph() const override { return graph_; }
  const MemoryPlan& plan() const override { return plan_; }

 private:
  void place_inputs();
  void bind();
  Tensor tensor(ValueId id) const;
  std::byte* address(ValueId id) const;

  Device& device_;
  Graph graph_;
  MemoryPlan plan_;
  ResidentMemory& memory_;
  HostMemory inputs_;
  std::vector<int64_t> input_offsets_;  // bytes, per value
  std::array<int32_t, axis_count> live_{};
  std::vector<Launch> launches_;
  int64_t generation_ = -1;
};

extern template class Program<Cpu>;
extern template class Program<Reference>;

}  // namespace cloze
