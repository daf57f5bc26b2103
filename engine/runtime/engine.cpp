#include "engine/runtime/engine.h"

#include <fmt/core.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "engine/base/error.h"
#include "engine/runtime/program.h"
#include "kernels/common/cast_rows.h"
#include "kernels/linear/scaled_product.h"

namespace cloze {
namespace {

template <class Device>
class DeviceEngine final : public Engine {
 public:
  DeviceEngine(DeviceKind kind, DType real, int64_t elements, EngineOptions options)
      : kind_(kind), precision_(options.precision), state_(std::move(options.state)), holder_(options.gpu) {
    memory_.real = real;
    require_float8();
    const auto make = [&](auto& flat, int64_t count, DType dtype) {
      allocate(flat, count * static_cast<int64_t>(size_of(dtype)));
    };
    make(memory_.parameters, elements, real);
    if (keeps_compute_copy(precision_)) make(memory_.compute_copy, elements, storage_type(precision_, real));
    if (state_.elements() > 0) make(memory_.state, state_.elements(), real);
    for (const StateValue& value : state_.values()) write(Memory::state, value.offset, value.initial);
    if (!options.training) return;
    make(memory_.gradients, elements, real);
    make(memory_.first_moment, options.moments.value_or(elements), real);
    make(memory_.second_moment, options.moments.value_or(elements), real);
  }

  DeviceKind kind() const override { return kind_; }
  std::string device_name() const override {
    if constexpr (std::is_same_v<Device, Cuda>)
      return holder_.name();
    else
      return name_of(kind_);
  }
  DType real() const override { return memory_.real; }
  Target target() const override {
    return {.architecture = kind_ == DeviceKind::cuda ? Architecture::cuda : Architecture::cpu,
            .precision = precision_};
  }
  std::unique_ptr<Executable> compile(Graph graph, const MemoryPlanOptions& options) override {
    return std::make_unique<Program<Device>>(holder_, std::move(graph), options, memory_);
  }
  void record_steps(bool record) override { memory_.record_steps = record; }
  void compute_attention_by_cudnn() override {
    const auto refuse = [](const std::string& why) {
      throw Error({.what = "cuDNN cannot compute attention here",
                   .where = "training.attention",
                   .why = why,
                   .remedy = "training.attention: own"});
    };
    if constexpr (std::is_same_v<Device, Cuda>) {
      if (!stores_bf16(precision_)) refuse("it does so in bf16; this run computes in float32");
      try {
        holder_.compute_attention_by_cudnn();
      } catch (const CudaError& error) {
        refuse(error.what());
      }
    } else {
      refuse(fmt::format("it does so on a GPU; this run computes on `{}`", name_of(kind_)));
    }
  }
  void read(Memory memory, int64_t offset, std::span<float> values) const override {
    copy_out(memory, offset, values);
  }
  void read(Memory memory, int64_t offset, std::span<double> values) const override {
    copy_out(memory, offset, values);
  }
  void write(Memory memory, int64_t offset, std::span<const float> values) final {
    if (memory_.real == DType::f64) {
      const std::vector<double> wide(values.begin(), values.end());
      holder_.copy_in(at<double>(memory, offset), wide.data(), bytes_of(wide));
    } else {
      holder_.copy_in(at<float>(memory, offset), values.data(), bytes_of(values));
    }
    if (memory == Memory::parameters && keeps_compute_copy(precision_)) write_compute_copy(offset, values);
  }
  std::span<const float> view(Memory memory) const override { return host_view(memory); }
  std::span<float> writable_view(Memory memory) override { return host_view(memory); }
  bool place(int64_t offset, std::span<const float> values) override {
    if (memory_.real != DType::f32 || !DeviceHolder<Device>::on_host || memory_.gradients.bytes() > 0)
      return false;
    memory_.place({.begin = offset * static_cast<int64_t>(sizeof(float)), .values = std::as_bytes(values)});
    return true;
  }
  const StateLayout& state() const override { return state_; }
  std::span<std::byte> bytes(Memory memory) override {
    const auto& flat = memory_.flat(memory);
    return {flat.data(), static_cast<size_t>(flat.bytes())};
  }
  int64_t arena_bytes() const override { return memory_.arena.bytes(); }
  Cuda* cuda() override {
    if constexpr (std::is_same_v<Device, Cuda>)
      return &holder_.device();
    else
      return nullptr;
  }

 private:
  void require_float8() {
    if constexpr (std::is_same_v<Device, Cuda>) {
      if (!multiplies_float8(precision_)) return;
      if (holder_.device().compute_capability >= first_capability_of_float8) return;
      throw Error({.what = fmt::format("{} does not multiply FP8", holder_.name()),
                   .where = "precision",
                   .why = "that begins with compute capability 8.9",
                   .remedy = "precision: bf16"});
    }
  }
  std::span<float> host_view(Memory memory) const {
    if (memory_.real != DType::f32 || !DeviceHolder<Device>::on_host || placed(memory)) return {};
    return {at<float>(memory, 0), static_cast<size_t>(memory_.flat(memory).bytes()) / sizeof(float)};
  }
  bool placed(Memory memory) const { return memory == Memory::parameters && !memory_.placed.empty(); }
  template <class FlatBuffer>
  void allocate(FlatBuffer& flat, int64_t bytes) {
    try {
      flat = FlatBuffer(bytes);
    } catch (const CudaOutOfMemory& error) {
      std::vector<MemoryUse> uses = memory_.uses();
      uses.push_back({"another flat buffer", bytes});
      throw not_enough_memory(uses, error);
    }
    holder_.clear(flat);  // the gaps between parameters stay zero
  }
  void write_compute_copy(int64_t offset, std::span<const float> values) {
    std::vector<BFloat16> rounded(values.size());
    std::transform(values.begin(), values.end(), rounded.begin(), to_bfloat16);
    holder_.copy_in(at<BFloat16>(Memory::compute_copy, offset), rounded.data(), bytes_of(rounded));
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
    if (values.empty()) return;
    if (placed(memory))
      throw Error({.what = "parameters that lie elsewhere are not read back (an internal error)"});
    const auto copy = [&]<typename From>(From) {
      std::vector<From> copied(values.size());
      holder_.copy_out(copied.data(), at<From>(memory, offset), bytes_of(copied));
      std::transform(copied.begin(), copied.end(), values.begin(),
                     [](From value) { return static_cast<To>(widened(value)); });
    };
    if (memory == Memory::compute_copy) return copy(BFloat16{});
    memory_.real == DType::f64 ? copy(double{}) : copy(float{});
  }

  DeviceKind kind_;
  Precision precision_;
  StateLayout state_;
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

std::unique_ptr<Engine> make_engine(DeviceKind kind, int64_t elements, EngineOptions options) {
  const auto there_is = [&] {
    switch (options.precision) {
      case Precision::full:
        return true;
      case Precision::bf16:
      case Precision::fp8:
        return kind == DeviceKind::cuda;
      case Precision::bf16_products:
      case Precision::fp8_products:
        return kind == DeviceKind::cpu;
    }
    return false;
  };
  if (!there_is()) {
    throw Error(
        {.what = fmt::format("{} is not for the device `{}`", name_of(options.precision), name_of(kind)),
         .where = "precision",
         .remedy = "precision: f32"});
  }
  switch (kind) {
    case DeviceKind::reference:
      return std::make_unique<DeviceEngine<Reference>>(kind, DType::f64, elements, std::move(options));
    case DeviceKind::cuda:
      return std::make_unique<DeviceEngine<Cuda>>(kind, DType::f32, elements, std::move(options));
    case DeviceKind::cpu:
      break;
  }
  return std::make_unique<DeviceEngine<Cpu>>(kind, DType::f32, elements, std::move(options));
}

}  // namespace cloze
