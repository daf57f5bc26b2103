#pragma once

#include <cstdint>
#include <memory>
#include <new>

#include "kernels/common/parallel.h"
#include "kernels/common/philox.h"
#include "kernels/common/tensor.h"

// One kernel with operands of its own, for `cloze bench` and the suites under profiling/bench: each file here
// has the cases of one kernel family, in float32 on the CPU, with what a run computes (FLOP) or moves
// (bytes).
namespace cloze::kernel_cases {

// Memory aligned as the engine's arenas are, filled with values of [-1, 1).
template <typename T>
class Operand {
 public:
  Operand(int64_t rows, int64_t columns) : rows_(rows), columns_(columns), data_(allocate(rows * columns)) {
    parallel_for(0, rows * columns, 4096, [this](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const uint32_t bits = philox({static_cast<uint32_t>(i), 0, 0, 0}, {1, 2}).word0;
        data_.get()[i] = static_cast<T>(2 * unit_float(bits) - 1);
      }
    });
  }
  T* data() { return data_.get(); }
  Tensor tensor() { return {data_.get(), DTypeOf<T>::value, rows_, columns_, columns_, nullptr}; }
  // Columns first to first + count - 1.
  Tensor columns(int64_t first, int64_t count) {
    return {data_.get() + first, DTypeOf<T>::value, rows_, count, columns_, nullptr};
  }

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

constexpr double float_bytes = 4;

}  // namespace cloze::kernel_cases
