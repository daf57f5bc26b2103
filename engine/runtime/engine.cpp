#include "engine/runtime/engine.h"

#include <algorithm>

#include "engine/runtime/program.h"

namespace cloze {
namespace {

template <class Device>
class HostEngine final : public Engine {
 public:
  HostEngine(DeviceKind kind, DType real, int64_t elements, bool training) : kind_(kind) {
    memory_.real = real;
    const int64_t bytes = elements * static_cast<int64_t>(size_of(real));
    memory_.parameters = HostMemory(bytes);
    if (!training) return;
    memory_.gradients = HostMemory(bytes);
    memory_.first_moment = HostMemory(bytes);
    memory_.second_moment = HostMemory(bytes);
  }

  DeviceKind kind() const override { return kind_; }
  DType real() const override { return memory_.real; }
  std::unique_ptr<Executable> compile(Graph graph, const MemoryPlanOptions& options) override {
    return std::make_unique<Program<Device>>(device_, std::move(graph), options, memory_);
  }
  void read(Memory memory, int64_t offset, std::span<float> values) const override {
    copy_out(memory, offset, values);
  }
  void read(Memory memory, int64_t offset, std::span<double> values) const override {
    copy_out(memory, offset, values);
  }
  void write(Memory memory, int64_t offset, std::span<const float> values) override {
    std::byte* flat = memory_.flat(memory).data();
    if (memory_.real == DType::f64) {
      std::copy(values.begin(), values.end(), reinterpret_cast<double*>(flat) + offset);
    } else {
      std::copy(values.begin(), values.end(), reinterpret_cast<float*>(flat) + offset);
    }
  }
  std::span<const float> view(Memory memory) const override {
    const HostMemory& flat = memory_.flat(memory);
    if (memory_.real != DType::f32) return {};
    return {reinterpret_cast<const float*>(flat.data()), static_cast<size_t>(flat.bytes()) / sizeof(float)};
  }
  int64_t arena_bytes() const override { return memory_.arena.bytes(); }

 private:
  template <typename To>
  void copy_out(Memory memory, int64_t offset, std::span<To> values) const {
    const std::byte* flat = memory_.flat(memory).data();
    const auto copy = [&](const auto* from) {
      std::transform(from + offset, from + offset + values.size(), values.begin(),
                     [](auto value) { return static_cast<To>(value); });
    };
    if (memory_.real == DType::f64) {
      copy(reinterpret_cast<const double*>(flat));
    } else {
      copy(reinterpret_cast<const float*>(flat));
    }
  }

  DeviceKind kind_;
  Device device_;
  ResidentMemory memory_;
};

}  // namespace

std::unique_ptr<Engine> make_engine(DeviceKind kind, int64_t elements, bool training) {
  if (kind == DeviceKind::reference) {
    return std::make_unique<HostEngine<Reference>>(kind, DType::f64, elements, training);
  }
  return std::make_unique<HostEngine<Cpu>>(kind, DType::f32, elements, training);
}

}  // namespace cloze
