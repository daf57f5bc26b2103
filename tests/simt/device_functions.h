#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>

#include "tests/simt/vector_types.h"

struct CUstream_st;

// What device code may call in the emulator: built-in variables, barriers, warp collectives, intrinsics.
namespace cloze::simt {

// Where in the source something was called.
struct Place {
  const char* file;
  int line;
  bool operator==(const Place&) const = default;
};

[[gnu::const]] uint3 thread_index();
[[gnu::const]] uint3 block_index();
[[gnu::const]] dim3 block_size();
[[gnu::const]] dim3 grid_size();
void* dynamic_shared_memory();
bool allow_dynamic_shared_memory(const void* kernel, int bytes);

struct GridLaunch {
  const void* kernel;
  void (*run)(const void* call);
  std::shared_ptr<const void> call;  // the kernel with its arguments
  int64_t call_bytes;
  dim3 grid, block;
  int64_t shared_bytes;
  CUstream_st* stream;
};
void run_grid(const GridLaunch& launch);  // on its stream (streams.h); throws Fault

// Waits until all lanes of the warp are at `place` with the same `complete`, which is then called once with
// the requests of the lanes. `orders_memory`: accesses before are seen after.
using Complete = void (*)(void* const (&requests)[32]);
void warp_collective(Complete complete, void* request, bool orders_memory, Place place);
// The same for all threads of the block; returns how many passed `true`.
int block_barrier(bool predicate, Place place);

uint64_t shuffle(uint64_t value, int source_lane, Place place);
uint32_t ballot(bool predicate, Place place);
int lane();

// Returns what was there before. Races with accesses that are not atomic are not looked for.
int atomic_maximum(int* address, int value, Place place);

// D = A · B + D of m16n8k16 with bf16 operands, fragments as in the PTX manual; sums in double, rounded once.
void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], Place place);
// ldmatrix .x4, .x2 (count registers), transposed or not; `row` is this lane's row of 16 bytes.
void load_matrices(uint32_t* registers, int count, bool transposed, const void* row, Place place);
// cp.async of 16 bytes; zeros where `copied` is false. Lands when its group is waited for.
void copy_async_16(void* shared, const void* global, bool copied);
void copy_async_commit();
void copy_async_wait(int groups_left);

}  // namespace cloze::simt

#define CLOZE_SIMT_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(CLOZE_SIMT_PLACE) {
  cloze::simt::block_barrier(false, {file, line});
}
inline int __syncthreads_or(int predicate, CLOZE_SIMT_PLACE) {
  return cloze::simt::block_barrier(predicate != 0, {file, line}) > 0;
}
void __syncwarp(unsigned mask = 0xFFFFFFFFu, CLOZE_SIMT_PLACE);
void require_whole_warp(unsigned mask);

inline unsigned __ballot_sync(unsigned mask, int predicate, CLOZE_SIMT_PLACE) {
  require_whole_warp(mask);
  return cloze::simt::ballot(predicate != 0, {file, line});
}
inline int __any_sync(unsigned mask, int predicate, CLOZE_SIMT_PLACE) {
  require_whole_warp(mask);
  return cloze::simt::ballot(predicate != 0, {file, line}) != 0;
}
template <typename T>
T shuffle_value(T value, int source_lane, cloze::simt::Place place) {
  if constexpr (sizeof(T) == 8) {
    return std::bit_cast<T>(cloze::simt::shuffle(std::bit_cast<uint64_t>(value), source_lane, place));
  } else {
    static_assert(sizeof(T) == 4);
    const uint64_t bits = cloze::simt::shuffle(std::bit_cast<uint32_t>(value), source_lane, place);
    return std::bit_cast<T>(static_cast<uint32_t>(bits));
  }
}
template <typename T>
T __shfl_sync(unsigned mask, T value, int source, CLOZE_SIMT_PLACE) {
  require_whole_warp(mask);
  return shuffle_value(value, source % 32, {file, line});
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int distance, CLOZE_SIMT_PLACE) {
  require_whole_warp(mask);
  return shuffle_value(value, cloze::simt::lane() ^ distance, {file, line});
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, CLOZE_SIMT_PLACE) {
  require_whole_warp(mask);
  const int source = cloze::simt::lane() + static_cast<int>(distance);
  return shuffle_value(value, source < 32 ? source : cloze::simt::lane(), {file, line});
}

inline int atomicMax(int* address, int value, CLOZE_SIMT_PLACE) {
  return cloze::simt::atomic_maximum(address, value, {file, line});
}
inline int __float_as_int(float value) {
  return std::bit_cast<int>(value);
}

using std::isfinite;
inline int __popc(unsigned bits) {
  return std::popcount(bits);
}
inline int __ffs(int bits) {
  return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1;
}
inline float rsqrtf(float x) {
  return 1 / std::sqrt(x);
}
inline float __expf(float x) {
  return std::exp(x);
}
inline float __fdividef(float x, float y) {
  return x / y;
}
