#include "engine/train/machine_peak.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>

#include "engine/base/memory.h"
#include "engine/ops/product_rules.h"
#include "engine/runtime/host_memory.h"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/parallel.h"
#include "kernels/linear/linear.h"

namespace cloze {

namespace {

// One product, output[rows, columns] = input[rows, depth] · weight[columns, depth]ᵀ, with its operands
// outside the heap, which keeps what it once had.
class TrialProduct {
 public:
  TrialProduct(int64_t rows, int64_t columns, int64_t depth, Precision precision = Precision::full)
      : rounding_(rounding_of(precision)),
        input_(filled(rows, depth)),
        weight_(filled(columns, depth)),
        output_(filled(rows, columns)) {}
  void run() {
    linear_forward(
        device_,
        {.input = input_.view, .weight = weight_.view, .output = output_.view, .rounding = rounding_});
  }

 private:
  struct Matrix {
    HostMemory memory;
    Tensor view;
  };
  static Matrix filled(int64_t rows, int64_t columns) {
    Matrix matrix{.memory = HostMemory(rows * columns * static_cast<int64_t>(sizeof(float)))};
    matrix.view = {.data = matrix.memory.data(), .rows = rows, .columns = columns, .stride = columns};
    std::fill_n(matrix.view.as<float>(), rows * columns, 0.5f);
    return matrix;
  }

  OperandRounding rounding_;
  Matrix input_, weight_, output_;
  Cpu device_;
};

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// The best of a few products of matrices [size, size], in seconds.
double gpu_product_seconds(Cuda& gpu, DType type, int64_t size) {
  const auto bytes = size * size * static_cast<int64_t>(size_of(type));
  const std::unique_ptr<void, void (*)(void*)> memory(cuda_allocate(3 * bytes), cuda_free);
  cuda_clear(gpu, memory.get(), 3 * bytes);
  const auto matrix = [&](int64_t place) {
    return Tensor{.data = static_cast<std::byte*>(memory.get()) + place * bytes,
                  .dtype = type,
                  .rows = size,
                  .columns = size,
                  .stride = size};
  };
  const auto await = [&] {
    float done = 0;
    cuda_copy_out(gpu, &done, memory.get(), sizeof done);
  };
  constexpr int trials = 3, products = 4;
  double best = std::numeric_limits<double>::infinity();
  await();
  for (int trial = 0; trial <= trials; ++trial) {  // the first one chooses how
    const double seconds = seconds_of([&] {
      for (int i = 0; i < products; ++i)
        linear_forward(gpu, {.input = matrix(0), .weight = matrix(1), .output = matrix(2)});
      await();
    });
    if (trial > 0) best = std::min(best, seconds / products);
  }
  return best;
}

}  // namespace

double measured_matmul_peak(Cuda& gpu, Precision precision) {
  constexpr int64_t smallest = 128, largest = 4096;
  constexpr double long_enough = 0.05 / 8;  // seconds: the next size takes eight times as long
  double best = 0;
  for (int64_t size = smallest; size <= largest; size *= 2) {
    const auto length = static_cast<double>(size);
    const double seconds = gpu_product_seconds(gpu, storage_type(precision, DType::f32), size);
    best = std::max(best, 2 * length * length * length / seconds);
    if (seconds > long_enough) break;
  }
  return best;
}

double measured_matmul_peak(Precision precision) {
  constexpr int64_t size = 1024;
  constexpr double longest =
      0.5;  // seconds: enough to wake the threads and the clock, and to outlast a neighbour
  TrialProduct product(size, size, size, precision);
  double best = std::numeric_limits<double>::infinity();
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto seconds = [](auto duration) { return std::chrono::duration<double>(duration).count(); };
  for (const auto begun = now(); seconds(now() - begun) < longest;) {
    const auto begin = now();
    product.run();
    best = std::min(best, seconds(now() - begin));
  }
  return 2.0 * size * size * size / best;
}

int64_t measured_matmul_scratch(Precision precision) {
  // The library packs its right operand, some thousand columns at a time; more columns take no more.
  TrialProduct product(1024, int64_t{8192} * thread_count(), 1024, precision);
  const uint64_t before = process_memory().resident;
  product.run();
  const uint64_t most = process_memory().peak_resident;
  return most > before ? static_cast<int64_t>(most - before) : 0;
}

}  // namespace cloze
