#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/runtime/cache_folder.h"
#include "engine/runtime/host_memory.h"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/cuda_stream.h"
#include "kernels/common/device.h"
#include "kernels/linear/open_cuda.h"

// Memory that a device computes on, and copies between it and the host.
namespace cloze {

// Memory of a GPU, as HostMemory is of the host, but unwritten at first.
class CudaMemory {
 public:
  CudaMemory() = default;
  explicit CudaMemory(int64_t bytes)
      : data_(bytes == 0 ? nullptr : static_cast<std::byte*>(cuda_allocate(bytes))), bytes_(bytes) {}
  std::byte* data() const { return data_.get(); }
  int64_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(std::byte* data) const { cuda_free(data); }
  };
  std::unique_ptr<std::byte, Free> data_;
  int64_t bytes_ = 0;
};

// A device as an engine keeps it: `device()`, and the type of its memory.
template <class Device>
class DeviceHolder {
 public:
  using Memory = HostMemory;
  static constexpr bool on_host = true;
  explicit DeviceHolder(int /*gpu*/) {}
  Device& device() { return device_; }

  void finish() {}
  void clear(const HostMemory&) {}  // zero from the beginning
  // Of nothing, either pointer may be null.
  void copy_in(void* target, const void* source, int64_t bytes) const {
    if (bytes > 0) std::memcpy(target, source, static_cast<size_t>(bytes));
  }
  void copy_out(void* target, const void* source, int64_t bytes) const { copy_in(target, source, bytes); }

 private:
  Device device_;
};

template <>
class DeviceHolder<Cuda> {
 public:
  using Memory = CudaMemory;
  static constexpr bool on_host = false;
  explicit DeviceHolder(int gpu) {
    try {
      opened_ = open_cuda({.number = gpu,
                           .matmul_choices_file = matmul_choices_file(),
                           .say = [](const std::string& message) { log::warning("{}", message); }});
      copies_ = std::make_unique<CudaStream>();
    } catch (const CudaError& error) {
      throw Error({.what = "no GPU to compute on", .why = error.what(), .remedy = "device: cpu needs none"});
    }
  }
  Cuda& device() { return opened_->device(); }
  const std::string& name() const { return opened_->name(); }
  void compute_attention_by_cudnn() { opened_->compute_attention_by_cudnn(); }
  CUstream_st* copy_stream() const { return copies_->get(); }  // beside the device's own

  void finish() const { opened_->finish(); }  // waits for all that was given to the GPU
  void clear(const CudaMemory& memory) { cuda_clear(device(), memory.data(), memory.bytes()); }
  void copy_in(void* target, const void* source, int64_t bytes) const {
    cuda_copy_in(opened_->device(), target, source, bytes);
  }
  void copy_out(void* target, const void* source, int64_t bytes) const {
    cuda_copy_out(opened_->device(), target, source, bytes);
  }

 private:
  std::unique_ptr<OpenCuda> opened_;
  std::unique_ptr<CudaStream> copies_;
};

}  // namespace cloze
