#include "engine/train/machine_peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "kernels/linear/linear.h"

namespace cloze {

double measured_matmul_peak() {
  constexpr int64_t size = 1024;
  constexpr int repeats = 24;  // the first ones wake the threads and the clock
  std::vector<float> input(size * size, 0.5f), weight(size * size, 0.25f), output(size * size);
  const auto matrix = [](std::vector<float>& data) {
    return Tensor{.data = data.data(), .rows = size, .columns = size, .stride = size};
  };
  Cpu device;
  const LinearForward product{.input = matrix(input), .weight = matrix(weight), .output = matrix(output)};
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    linear_forward(device, product);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return 2.0 * size * size * size / best;
}

}  // namespace cloze
