// The calls of the CUDA runtime that Cloze makes, on the emulator's device memory.
#include <cuda_runtime.h>

#include <cstring>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "tests/simt/activities.h"
#include "tests/simt/memory.h"
#include "tests/simt/simt.h"
#include "tests/simt/streams.h"

namespace cloze::simt {
namespace {

int64_t memory_limit = int64_t{1} << 40;
int compute_capability = 90;
std::map<const char*, int64_t>& pinned() {  // beginnings and bytes
  static std::map<const char*, int64_t> blocks;
  return blocks;
}
bool is_pinned(const void* address, int64_t bytes) {
  const char* begin = static_cast<const char*>(address);
  const auto after = pinned().upper_bound(begin);
  return after != pinned().begin() && begin + bytes <= std::prev(after)->first + std::prev(after)->second;
}

bool on_device(const void* address, int64_t bytes) {
  const Region* region = device_memory().find(address);
  return region != nullptr && region->holds(address, bytes);
}

void submit_copy(cudaStream_t stream, std::function<void()> copy) {
  submit(stream, observed(ActivityKind::copy, "", std::move(copy)));
}

void write_device(void* target, const void* source, size_t bytes) {
  std::memcpy(target, source, bytes);
  device_memory().find(target)->mark_written(target, static_cast<int64_t>(bytes));
}

}  // namespace

void set_compute_capability(int capability) {
  compute_capability = capability;
}
void set_memory_limit(int64_t bytes) {
  memory_limit = bytes;
}
int64_t pinned_bytes() {
  int64_t bytes = 0;
  for (const auto& [begin, size] : pinned()) bytes += size;
  return bytes;
}

}  // namespace cloze::simt

using namespace cloze::simt;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  if (forbidden_in_capture()) return cudaErrorStreamCaptureUnsupported;
  if (allocated_bytes() + static_cast<int64_t>(bytes) > memory_limit) return cudaErrorMemoryAllocation;
  *pointer = device_memory().allocate(bytes);
  return cudaSuccess;
}

// Waits for the device, as the runtime does.
cudaError_t cudaFree(void* pointer) {
  if (forbidden_in_capture()) return cudaErrorStreamCaptureUnsupported;
  drain_all();
  return pointer == nullptr || device_memory().free(pointer) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  if (forbidden_in_capture()) return cudaErrorStreamCaptureUnsupported;
  char* memory = new char[bytes];
  std::memset(memory, 0xFF, bytes);
  pinned()[memory] = static_cast<int64_t>(bytes);
  *pointer = memory;
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* pointer) {
  if (forbidden_in_capture()) return cudaErrorStreamCaptureUnsupported;
  if (pointer == nullptr) return cudaSuccess;
  if (pinned().erase(static_cast<char*>(pointer)) == 0) return cudaErrorInvalidValue;
  delete[] static_cast<char*>(pointer);
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *total = static_cast<size_t>(memory_limit);
  *free = static_cast<size_t>(memory_limit - allocated_bytes());
  return cudaSuccess;
}

// Pinned memory is read and written when the stream comes to it. Other memory of the host is read now, and
// written when all before it is done, as the runtime does.
cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  // Within graphs Cloze copies on the device only.
  if (kind != cudaMemcpyDeviceToDevice && forbidden_in_capture()) return cudaErrorStreamCaptureUnsupported;
  const auto size = static_cast<int64_t>(bytes);
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if ((to_device && !on_device(target, size)) || (from_device && !on_device(source, size)))
    return cudaErrorInvalidValue;
  if (kind == cudaMemcpyHostToDevice && !is_pinned(source, size)) {
    const char* begin = static_cast<const char*>(source);
    submit_copy(stream, [target, copied = std::vector<char>(begin, begin + size)] {
      write_device(target, copied.data(), copied.size());
    });
  } else if (to_device) {
    submit_copy(stream, [=] { write_device(target, source, bytes); });
  } else {
    submit_copy(stream, [=] { std::memcpy(target, source, bytes); });
    if (!is_pinned(target, size)) return cudaStreamSynchronize(stream);
  }
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* target, int byte, size_t bytes, cudaStream_t stream) {
  const auto size = static_cast<int64_t>(bytes);
  if (!on_device(target, size)) return cudaErrorInvalidValue;
  submit(stream, observed(ActivityKind::set, "", [=] {
           std::memset(target, byte, bytes);
           device_memory().find(target)->mark_written(target, size);
         }));
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorInvalidValue:
      return "invalid argument";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorNotReady:
      return "not ready";
    case cudaErrorStreamCaptureUnsupported:
      return "operation not permitted when stream is capturing";
    case cudaErrorStreamCaptureInvalidated:
      return "operation failed due to a previous error during capture";
    case cudaErrorStreamCaptureUnjoined:
      return "capturing stream has unjoined work";
    case cudaErrorStreamCaptureIsolation:
      return "dependency created on uncaptured work in another stream";
    case cudaErrorCapturedEvent:
      return "operation not permitted on an event last recorded in a capturing stream";
  }
  return "unknown error";
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

// A small device of the newest supported kind: few multiprocessors, so that loops over a grid go round.
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      *value = 2;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = compute_capability / 10;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = compute_capability % 10;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = 227 * 1024;
      break;
  }
  return cudaSuccess;
}
