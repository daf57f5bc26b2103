#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/runtime/device_memory.h"
#include "kernels/common/cuda_stream.h"

namespace cloze {

// The step inputs of a program and its live counts: one block at fixed addresses, so that what was recorded
// of a program stays true. What is not written keeps its value from run to run.
template <class Device>
class StepInputs {
 public:
  StepInputs(DeviceHolder<Device>&, int64_t bytes) : memory_(bytes) {}
  const std::byte* address() const { return memory_.data(); }  // where kernels read
  std::byte* begin_writing() { return memory_.data(); }        // where the host writes, laid out alike
  void send() {}                                               // before a run

 private:
  HostMemory memory_;
};

// On a GPU the host writes into one of two pinned copies. send() orders its upload on a stream of copies,
// beside whatever the GPU computes, and a short copy into place between two runs. So the inputs of the next
// run can be written while one is at work, and the host waits only where it is two runs ahead.
template <>
class StepInputs<Cuda> {
 public:
  StepInputs(DeviceHolder<Cuda>& holder, int64_t bytes);
  ~StepInputs();
  StepInputs(const StepInputs&) = delete;
  StepInputs& operator=(const StepInputs&) = delete;
  const std::byte* address() const { return in_place_.data(); }
  std::byte* begin_writing();
  void send();

 private:
  struct Copy {
    explicit Copy(int64_t bytes);
    PinnedMemory host;
    CudaMemory device;
    CudaEvent uploaded, taken;  // from the host; into place
  };
  std::byte* host(size_t copy) const { return reinterpret_cast<std::byte*>(copies_[copy].host.data()); }

  DeviceHolder<Cuda>& holder_;
  int64_t bytes_;
  CudaMemory in_place_;
  std::array<Copy, 2> copies_;
  size_t current_ = 0;
  bool changed_ = false;  // since the last send()
};

}  // namespace cloze
