#include "engine/runtime/step_inputs.h"

#include <algorithm>
#include <cstring>

namespace cloze {

// Unwritten inputs are NaN and -1.
StepInputs<Cuda>::Copy::Copy(int64_t bytes) : host(bytes), device(bytes) {
  std::memset(host.data(), 0xFF, static_cast<size_t>(bytes));
}

StepInputs<Cuda>::StepInputs(DeviceHolder<Cuda>& holder, int64_t bytes)
    : holder_(holder),
      bytes_(std::max<int64_t>(bytes, 1)),
      in_place_(bytes_),
      copies_{Copy(bytes_), Copy(bytes_)} {}

// Copies that were ordered read the pinned memory.
StepInputs<Cuda>::~StepInputs() {
  try {
    for (const Copy& copy : copies_) copy.uploaded.wait();
  } catch (const CudaError&) {
    // The device is in no state to read anything.
  }
}

std::byte* StepInputs<Cuda>::begin_writing() {
  if (!changed_) {
    const size_t before = current_;
    current_ = 1 - current_;
    copies_[current_].uploaded.wait();
    std::memcpy(host(current_), host(before), static_cast<size_t>(bytes_));
    changed_ = true;
  }
  return host(current_);
}

void StepInputs<Cuda>::send() {
  if (!changed_) return;
  Copy& copy = copies_[current_];
  CUstream_st* uploads = holder_.copy_stream();
  CUstream_st* runs = holder_.device().stream;
  copy.taken.make_wait(uploads);
  cuda_copy_async(uploads, copy.device.data(), copy.host.data(), bytes_, CopyKind::to_device);
  copy.uploaded.record(uploads);
  copy.uploaded.make_wait(runs);
  cuda_copy_async(runs, in_place_.data(), copy.device.data(), bytes_, CopyKind::on_device);
  copy.taken.record(runs);
  changed_ = false;
}

}  // namespace cloze
