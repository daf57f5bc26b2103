#pragma once

#include <cstdint>
#include <string>

// Kernels with one bug each, and their sound twins, for the tests of the emulator's detectors.
namespace cloze::testing {

enum class Bug : uint8_t {
  none,
  off_by_one,  // reads one element past its memory
  off_by_one_write,
  past_shared_memory,       // writes one element past the dynamic shared memory
  host_pointer,             // reads memory of the host
  misaligned,               // 16 bytes read from an address that is aligned to 4
  uninitialised,            // reads device memory that nobody wrote
  uninitialised_shared,     // reads shared memory that nobody wrote
  missing_barrier,          // reads what another thread writes, without __syncthreads
  missing_barrier_in_loop,  // overwrites what others may still read
  race_between_warps,       // __syncwarp where __syncthreads is needed
  missing_warp_barrier,     // lanes exchange through shared memory without __syncwarp
  shuffle_as_barrier,       // takes a shuffle for a barrier: it orders no memory
  race_between_blocks,      // two blocks write the same element
  divergent_barrier,        // half of the threads reach it
  divergent_places,         // both halves reach a barrier, not the same one
  divergent_collective,     // half of a warp shuffles
  early_copy_read,          // reads what cp.async fills, before its wait
  copy_without_barrier,     // waits for its own copies and reads those of another thread
  overwritten_copy_source,  // refills a buffer by cp.async that others may still read
  register_array,           // an index past a local array
  atomic_past_memory,       // an atomic maximum one element past its memory
  atomic_misaligned,        // of an address between two elements
  atomic_uninitialised,     // of what nobody wrote
};

// Runs the kernel of `bug` on two blocks of 64 threads; throws Fault. The sum of what it wrote.
float run_planted(Bug bug);

}  // namespace cloze::testing
