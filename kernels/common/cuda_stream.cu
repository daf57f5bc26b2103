#include "kernels/common/cuda_stream.h"

#include <cuda_runtime.h>

#include <utility>

#include "kernels/common/launch.h"

namespace cloze {

CudaEvent::CudaEvent() {
  check_cuda(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreateWithFlags");
}
CudaEvent::~CudaEvent() {
  static_cast<void>(cudaEventDestroy(event_));
}
void CudaEvent::record(CUstream_st* stream) {
  check_cuda(cudaEventRecord(event_, stream), "cudaEventRecord");
}
void CudaEvent::make_wait(CUstream_st* stream) const {
  check_cuda(cudaStreamWaitEvent(stream, event_, 0), "cudaStreamWaitEvent");
}
void CudaEvent::wait() const {
  check_cuda(cudaEventSynchronize(event_), "cudaEventSynchronize");
}

CudaTimedEvent::CudaTimedEvent() {
  check_cuda(cudaEventCreateWithFlags(&event_, cudaEventDefault), "cudaEventCreateWithFlags");
}
CudaTimedEvent::~CudaTimedEvent() {
  if (event_ != nullptr) static_cast<void>(cudaEventDestroy(event_));
}
CudaTimedEvent::CudaTimedEvent(CudaTimedEvent&& other) noexcept
    : event_(std::exchange(other.event_, nullptr)) {}
void CudaTimedEvent::record(CUstream_st* stream) {
  check_cuda(cudaEventRecord(event_, stream), "cudaEventRecord");
}
void CudaTimedEvent::wait() const {
  check_cuda(cudaEventSynchronize(event_), "cudaEventSynchronize");
}
double CudaTimedEvent::seconds_since(const CudaTimedEvent& earlier) const {
  float milliseconds = 0;
  check_cuda(cudaEventElapsedTime(&milliseconds, earlier.event_, event_), "cudaEventElapsedTime");
  return static_cast<double>(milliseconds) * 1e-3;
}

CudaStream::CudaStream() {
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
}
CudaStream::~CudaStream() {
  static_cast<void>(cudaStreamDestroy(stream_));
}
void CudaStream::wait() const {
  check_cuda(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
}

PinnedMemory::PinnedMemory(int64_t bytes) {
  void* memory = nullptr;
  const cudaError_t error = cudaMallocHost(&memory, static_cast<size_t>(bytes));
  if (error != cudaSuccess)
    throw CudaError("cannot allocate " + std::to_string(bytes) +
                    " bytes of pinned memory: " + cudaGetErrorString(error));
  data_ = static_cast<char*>(memory);
}
PinnedMemory::~PinnedMemory() {
  static_cast<void>(cudaFreeHost(data_));
}

void cuda_copy_async(CUstream_st* stream, void* target, const void* source, int64_t bytes, CopyKind kind) {
  const cudaMemcpyKind direction = kind == CopyKind::to_device     ? cudaMemcpyHostToDevice
                                   : kind == CopyKind::from_device ? cudaMemcpyDeviceToHost
                                                                   : cudaMemcpyDeviceToDevice;
  check_cuda(cudaMemcpyAsync(target, source, static_cast<size_t>(bytes), direction, stream),
             "cudaMemcpyAsync");
}

}  // namespace cloze
