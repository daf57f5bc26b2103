#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <new>

#include "kernels/common/device.h"
#include "kernels/common/parallel.h"
#include "kernels/common/philox.h"
#include "kernels/common/tensor.h"

// Benchmarks take the thread count from OMP_NUM_THREADS and report wall-clock rates: FLOP/s, or bytes read
// and written.
namespace cloze::bench {

// Memory aligned as the engine's arenas are, filled with values of [-1, 1).
template <typename T>
class Memory {
 public:
  Memory(int64_t rows, int64_t columns) : rows_(rows), columns_(columns), data_(allocate(rows * columns)) {
    for (int64_t i = 0; i < rows * columns; ++i) {
      const uint32_t bits = philox({static_cast<uint32_t>(i), 0, 0, 0}, {1, 2}).word0;
      data_.get()[i] = static_cast<T>(2 * unit_float(bits) - 1);
    }
  }
  T* data() { return data_.get(); }
  Tensor tensor() { return {data_.get(), DTypeOf<T>::value, rows_, columns_, columns_, nullptr}; }

 private:
  static constexpr std::align_val_t alignment{256};
  struct Free {
    void operator()(T* pointer) const { ::operator delete(pointer, alignment); }
  };
  static T* allocate(int64_t count) {
    return static_cast<T*>(::operator new(static_cast<size_t>(count) * sizeof(T), alignment));
  }
  int64_t rows_, columns_;
  std::unique_ptr<T, Free> data_;
};

inline void report_flops(benchmark::State& state, double flops_per_run) {
  state.counters["FLOP/s"] = benchmark::Counter(flops_per_run, benchmark::Counter::kIsIterationInvariantRate,
                                                benchmark::Counter::kIs1000);
}
inline void report_bytes(benchmark::State& state, double bytes_per_run) {
  state.counters["B/s"] = benchmark::Counter(bytes_per_run, benchmark::Counter::kIsIterationInvariantRate,
                                             benchmark::Counter::kIs1000);
}

}  // namespace cloze::bench
