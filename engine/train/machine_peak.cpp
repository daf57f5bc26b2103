#include "engine/train/machine_peak.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "engine/base/memory.h"
#include "engine/runtime/host_memory.h"
#include "kernels/common/parallel.h"
#include "kernels/linear/linear.h"

namespace cloze {

namespace {

// One product, output[rows, columns] = input[rows, depth] · weight[columns, depth]ᵀ, with its operands
// outside the heap, which keeps what it once had.
class TrialProduct {
 public:
  TrialProduct(int64_t rows, int64_t columns, int64_t depth, Precision precision = Precision::full)
      : rounding_(precision == Precision::bf16_products ? OperandRounding::bf16 : OperandRounding::none),
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

}  // namespace

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
