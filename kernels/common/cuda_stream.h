#pragma once

#include <cstdint>

#include "kernels/common/cuda.h"

struct CUevent_st;  // the toolkit's cudaEvent_t is a pointer to it

// Streams, events and pinned memory, for work that goes on while the host does something else. All throw
// CudaError.
namespace cloze {

// A point in a stream's work.
class CudaEvent {
 public:
  CudaEvent();
  ~CudaEvent();
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;
  void record(CUstream_st* stream);           // after all that the stream was given so far
  void make_wait(CUstream_st* stream) const;  // what `stream` is given next runs after the last record()
  void wait() const;                          // of the host, for the last record(); none: returns at once

 private:
  [[maybe_unused]] CUevent_st* event_ = nullptr;
};

// A point in a stream's work that has a time.
class CudaTimedEvent {
 public:
  CudaTimedEvent();
  ~CudaTimedEvent();
  CudaTimedEvent(const CudaTimedEvent&) = delete;
  CudaTimedEvent& operator=(const CudaTimedEvent&) = delete;
  CudaTimedEvent(CudaTimedEvent&& other) noexcept;
  void record(CUstream_st* stream);
  void wait() const;  // of the host, for the last record()
  // Both recorded and come to: waited for, or recorded before one that was.
  double seconds_since(const CudaTimedEvent& earlier) const;

 private:
  [[maybe_unused]] CUevent_st* event_ = nullptr;
};

// A stream that runs beside the others.
class CudaStream {
 public:
  CudaStream();
  ~CudaStream();
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  CUstream_st* get() const { return stream_; }
  void wait() const;  // of the host, for all that it was given

 private:
  CUstream_st* stream_ = nullptr;
};

// Memory of the host that a copy may read or write while the host goes on.
class PinnedMemory {
 public:
  explicit PinnedMemory(int64_t bytes);
  ~PinnedMemory();
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
};

// Orders a copy on a stream and returns; of the host only pinned memory, left alone until the copy is done.
enum class CopyKind : uint8_t { to_device, from_device, on_device };
void cuda_copy_async(CUstream_st* stream, void* target, const void* source, int64_t bytes, CopyKind kind);

}  // namespace cloze
