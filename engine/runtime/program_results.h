#pragma once

#include <map>
#include <vector>

#include "engine/runtime/program.h"
#include "engine/runtime/read_tensor.h"

namespace cloze {

// Memory of the host that results are copied to.
template <class Device>
class ResultMemory {
 public:
  ResultMemory(DeviceHolder<Device>&, int64_t bytes) : memory_(bytes) {}
  void copy(int64_t offset, const void* source, int64_t bytes) {
    std::memcpy(memory_.data() + offset, source, static_cast<size_t>(bytes));
  }
  void end_copies() {}
  void* wait_for(int64_t offset) const { return memory_.data() + offset; }

 private:
  HostMemory memory_;
};

// From a GPU, in the order of its work.
template <>
class ResultMemory<Cuda> {
 public:
  ResultMemory(DeviceHolder<Cuda>& holder, int64_t bytes) : holder_(holder), memory_(bytes) {}
  ~ResultMemory() {
    try {
      copied_.wait();
    } catch (const CudaError&) {
      // The device is in no state to write anything.
    }
  }
  ResultMemory(const ResultMemory&) = delete;
  ResultMemory& operator=(const ResultMemory&) = delete;
  void copy(int64_t offset, const void* source, int64_t bytes) {
    cuda_copy_async(holder_.device().stream, memory_.data() + offset, source, bytes, CopyKind::from_device);
  }
  void end_copies() { copied_.record(holder_.device().stream); }
  void* wait_for(int64_t offset) const {
    copied_.wait();
    return memory_.data() + offset;
  }

 private:
  DeviceHolder<Cuda>& holder_;
  PinnedMemory memory_;
  CudaEvent copied_;
};

template <class Device>
class ProgramResults final : public KeptResults {
 public:
  ProgramResults(const Program<Device>& program, const std::vector<Slot>& results)
      : program_(program), memory_(program.holder(), place(results)) {}

  void keep() override {
    for (const auto& [index, offset] : offsets_) {
      const Tensor result = program_.tensor({index});
      memory_.copy(offset, result.data, program_.type({index}).bytes());
    }
    memory_.end_copies();
  }
  void read(Slot slot, std::span<int32_t> values) const override { read_kept(slot, values); }
  void read(Slot slot, std::span<float> values) const override { read_kept(slot, values); }
  void read(Slot slot, std::span<double> values) const override { read_kept(slot, values); }

 private:
  int64_t place(const std::vector<Slot>& results) {
    int64_t bytes = 0;
    for (const Slot slot : results) {
      offsets_[slot.index] = bytes;
      bytes += (program_.type(slot).bytes() + MemoryPlan::alignment - 1) / MemoryPlan::alignment *
               MemoryPlan::alignment;
    }
    return bytes;
  }
  template <typename To>
  void read_kept(Slot slot, std::span<To> values) const {
    Tensor result = program_.tensor({slot.index});
    result.data = memory_.wait_for(offsets_.at(slot.index));
    read_tensor(result, values);
  }

  const Program<Device>& program_;
  std::map<int32_t, int64_t> offsets_;  // of each result, bytes
  ResultMemory<Device> memory_;
};

}  // namespace cloze
