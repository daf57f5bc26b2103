#include "engine/runtime/engine.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "engine/runtime/program.h"

namespace cloze {
namespace {

template <class Device>
class DeviceEngine final : public Engine {
 public:
  DeviceEngine(DeviceKind kind, DType real, int64_t elements, bool training, int64_t moments) : kind_(kind) {
    memory_.real = real;
    const auto make = [&](auto& flat, int64_t size) {
      flat = std::decay_t<decltype(flat)>(size * static_cast<int64_t>(size_of(real)));
      holder_.clear(flat);  // the gaps between parameters stay zero
    };
    make(memory_.parameters, elements);
    if (!training) return;
    make(memory_.gradients, elements);
    make(memory_.first_moment, moments);
    make(memory_.second_moment, moments);
  }

  DeviceKind kind() const override { return kind_; }
  DType real() const override { return memory_.real; }
  std::unique_ptr<Executable> compile(Graph graph, const MemoryPlanOptions& options) override {
    return std::make_unique<Program<Device>>(holder_, std::move(graph), options, memory_);
  }
  void read(Memory memory, int64_t offset, std::span<float> values) const override {
    copy_out(memory, offset, values);
  }
  void read(Memory memory, int64_t offset, std::span<double> values) const override {
    copy_out(memory, offset, values);
  }
  void write(Memory memory, int64_t offset, std::span<const float> values) override {
    if (memory_.real == DType::f64) {
      const std::vector<double> wide(values.begin(), values.end());
      holder_.copy_in(at<double>(memory, offset), wide.data(), bytes_of(wide));
    } else {
      holder_.copy_in(at<float>(memory, offset), values.data(), bytes_of(values));
    }
  }
  std::span<const float> view(Memory memory) const override { return host_view(memory); }
  std::span<float> writable_view(Memory memory) override { return host_view(memory); }
  int64_t arena_bytes() const override { return memory_.arena.bytes(); }

 private:
  std::span<float> host_view(Memory memory) const {
    if (memory_.real != DType::f32 || !DeviceHolder<Device>::on_host) return {};
    return {at<float>(memory, 0), static_cast<size_t>(memory_.flat(memory).bytes()) / sizeof(float)};
  }
  template <typename T>
  T* at(Memory memory, int64_t offset) const {
    return reinterpret_cast<T*>(memory_.flat(memory).data()) + offset;
  }
  template <typename Values>
  static int64_t bytes_of(const Values& values) {
    return static_cast<int64_t>(values.size() * sizeof(values[0]));
  }
  template <typename To>
  void copy_out(Memory memory, int64_t offset, std::span<To> values) const {
    const auto copy = [&]<typename From>(From) {
      std::vector<From> copied(values.size());
      holder_.copy_out(copied.data(), at<From>(memory, offset), bytes_of(copied));
      std::transform(copied.begin(), copied.end(), values.begin(),
                     [](From value) { return static_cast<To>(value); });
    };
    memory_.real == DType::f64 ? copy(double{}) : copy(float{});
  }

  DeviceKind kind_;
  DeviceHolder<Device> holder_;
  ResidentMemory<Device> memory_;
};

}  // namespace

const char* name_of(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::cpu:
      return "cpu";
    case DeviceKind::reference:
      return "reference";
    case DeviceKind::cuda:
      return "cuda";
  }
  return "?";
}

std::unique_ptr<Engine> make_engine(DeviceKind kind, int64_t elements, bool training,
                                    std::optional<int64_t> own_moments) {
  const int64_t moments = own_moments.value_or(elements);
  switch (kind) {
    case DeviceKind::reference:
      return std::make_unique<DeviceEngine<Reference>>(kind, DType::f64, elements, training, moments);
    case DeviceKind::cuda:
      return std::make_unique<DeviceEngine<Cuda>>(kind, DType::f32, elements, training, moments);
    case DeviceKind::cpu:
      break;
  }
  return std::make_unique<DeviceEngine<Cpu>>(kind, DType::f32, elements, training, moments);
}

}  // namespace cloze
