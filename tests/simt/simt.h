#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

// The SIMT emulator: runs the CUDA kernels of kernels/ on the host, from the very same `.cu` files.
//
// The threads of a block are fibers. A fiber runs until it reaches a warp collective or a barrier and goes on
// when all threads concerned are there; blocks run one after another. Kernels are compiled with compiler
// hooks, so that every access to memory is checked:
//   * bounds: device memory (cudaMalloc), shared memory and the thread's own stack, nothing else;
//   * alignment to the size of the access, and of vector types;
//   * reading what was never written; shared memory is unwritten when a block begins;
//   * races: two accesses to the same bytes, one of them a write, by threads that no barrier stands between
//     (__syncthreads for the block, __syncwarp for a warp), or by two blocks of one launch. A shuffle orders
//     no memory, as in CUDA;
//   * shared memory read or written while cp.async fills it;
//   * barriers and collectives that not all threads reach, or at different places of the source.
// Memory is watched in units of two bytes. Warps are whole: a block is a multiple of 32 threads, and
// collectives are those of all 32 lanes. The first thing found ends the launch with a `Fault`.
//
// What it cannot show: the order of memory across blocks, registers, occupancy, speed
// (profiling/gpu-checklist.md).
namespace cloze::simt {

enum class FaultKind : uint8_t {
  out_of_bounds,
  misaligned,
  never_written,
  race,
  copy_in_flight,  // shared memory touched while cp.async fills it
  divergence,
  bad_launch,
};

// "kernel NAME, block (x, y, z), thread (x, y, z): what happened …, at FILE:LINE"
class Fault : public std::runtime_error {
 public:
  Fault(FaultKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  FaultKind kind() const { return kind_; }

 private:
  FaultKind kind_;
};

// The order in which blocks, warps and lanes run: 0 ascending, 1 descending, others shuffled by the seed; and
// when the work of streams runs: 0 at once, 1 as late as a wait allows, others at times drawn. What is
// computed must not depend on it.
void set_order(uint64_t seed);
constexpr uint64_t orders_to_try = 3;

// For code that stands in for a library of the device: throws a Fault when the device memory was never
// written or is none; notes that it was.
void require_written(const void* address, int64_t bytes);
void mark_written(const void* address, int64_t bytes);

// For tests of the runtime: kernels launched, CUDA graphs replayed and waits of the host for all that a
// stream was given, so far; cudaMalloc'd and pinned bytes now; how much cudaMalloc gives before it fails.
uint64_t launch_count();
uint64_t replay_count();
uint64_t stream_wait_count();
int64_t allocated_bytes();
int64_t pinned_bytes();
void set_memory_limit(int64_t bytes);
void set_compute_capability(int capability);  // 10 * major + minor; 90 at first
void make_captures_fail(bool fail);           // as where a call that cannot be recorded is among them
// Names of the ranges (kernels/common/profile_range.h) since the last call.
std::vector<std::string> take_range_names();

}  // namespace cloze::simt
