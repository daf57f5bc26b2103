#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

struct CUstream_st;  // the toolkit's cudaStream_t is a pointer to it

// The calls of NCCL that Cloze makes. Sums between GPUs stand behind this interface, so that everything
// around them is tested without one.
namespace cloze {

enum class NcclType : uint8_t { f32, bf16, byte };

// What NCCL is at with all it was told so far.
struct NcclState {
  enum class Kind : uint8_t { ready, in_progress, failed } kind = Kind::ready;
  std::string what;  // of failed
};

// One rank of a NCCL communicator that does not block: a call returns at once, and what it puts on a stream
// is there as soon as state() says ready; nothing else may be called before. Collectives work in place on
// memory of the device, `count` elements; all ranks give the same collectives in the same order. All throw
// Error.
class NcclRank {
 public:
  virtual ~NcclRank() = default;  // all ranks together, unless it was aborted; waits for work that was given

  virtual NcclState state() = 0;
  // What `calls` begins is begun together: one kernel, and no order between its parts.
  virtual void group(const std::function<void()>& calls) = 0;

  // The sum over all ranks, of f32 or bf16. In bf16 it is rounded after each addition.
  virtual void all_reduce(void* values, int64_t count, NcclType type, CUstream_st* stream) = 0;
  // The same for the root only; the values of the others stay what they were.
  virtual void reduce(void* values, int64_t count, NcclType type, int root, CUstream_st* stream) = 0;
  // Of `count` elements for each rank: those of this rank, [rank * count, (rank + 1) * count), are summed or
  // given to all.
  virtual void reduce_scatter(void* values, int64_t count, NcclType type, CUstream_st* stream) = 0;
  virtual void all_gather(void* values, int64_t count, NcclType type, CUstream_st* stream) = 0;
  virtual void broadcast(void* values, int64_t count, NcclType type, int root, CUstream_st* stream) = 0;

  // Ends what is at work on the device, which holds anything then, and what a recorded step begins from here
  // on. Returns when no recorded step holds the communicator any more. Nothing else may be called afterwards.
  // From any thread, but not beside another call.
  virtual void abort() = 0;
};

class NcclLibrary {
 public:
  virtual ~NcclLibrary() = default;
  virtual std::string version() const = 0;  // "2.28.9"
  // Bytes that the ranks of one communicator are given, made on one of them.
  virtual std::string unique_id() = 0;
  // Begins to connect the ranks, on the current device of this thread; done when state() says ready.
  virtual std::unique_ptr<NcclRank> connect(const std::string& unique_id, int rank, int size) = 0;
};

// Loads NCCL, which is linked to nothing: a program that sums on no GPU needs none. Throws Error saying what
// is missing, what it is for and what to install, and in a program that was built without NCCL's header.
std::unique_ptr<NcclLibrary> open_nccl(const std::string& file = "libnccl.so.2");

}  // namespace cloze
