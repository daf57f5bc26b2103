#include "profiling/bench/gpu/gpu_tensor.h"

#include <algorithm>
#include <random>

#include "kernels/common/cast_rows.h"
#include "kernels/common/cuda_memory.h"

namespace cloze::bench {
namespace {

// A prime: repeated, the pattern meets the rows of a matrix each time at another place.
constexpr int64_t longest_pattern = 1'048'573;

template <typename T>
T stored(double value) {
  if constexpr (std::is_same_v<T, BFloat16>)
    return narrowed<BFloat16>(value);
  else
    return static_cast<T>(value);
}

}  // namespace

template <typename T>
void Contents::fill(std::vector<char>& bytes) const {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  T* values = reinterpret_cast<T*>(bytes.data());
  const auto count = bytes.size() / sizeof(T);
  for (size_t i = 0; i < count; ++i) {
    double value = number_;
    if (kind_ == Kind::normals) value *= normal(random);
    if (kind_ == Kind::squares) {
      const double drawn = normal(random);
      value *= drawn * drawn;
    }
    if (kind_ == Kind::integers) value = static_cast<double>(random() % static_cast<uint32_t>(number_));
    values[i] = stored<T>(value);
  }
}

std::vector<char> Contents::pattern(DType dtype, int64_t count) const {
  std::vector<char> bytes(static_cast<size_t>(std::min(count, longest_pattern)) * size_of(dtype));
  if (dtype == DType::i32)
    fill<int32_t>(bytes);
  else if (dtype == DType::bf16)
    fill<BFloat16>(bytes);
  else if (dtype == DType::f64)
    fill<double>(bytes);
  else if (size_of(dtype) == 1)
    fill<uint8_t>(bytes);
  else
    fill<float>(bytes);
  return bytes;
}

void GpuTensor::Free::operator()(void* memory) const {
  cuda_free(memory);
}

GpuTensor::GpuTensor(DType dtype, int64_t rows, int64_t columns)
    : memory_(cuda_allocate(rows * columns * static_cast<int64_t>(size_of(dtype)))),
      tensor_{memory_.get(), dtype, rows, columns, columns, nullptr} {}

GpuTensor::GpuTensor(Cuda& device, DType dtype, int64_t rows, int64_t columns, const Contents& contents)
    : GpuTensor(dtype, rows, columns) {
  const std::vector<char> pattern = contents.pattern(dtype, rows * columns);
  const int64_t bytes = rows * columns * static_cast<int64_t>(size_of(dtype));
  auto filled = static_cast<int64_t>(pattern.size());
  cuda_copy_in(device, memory_.get(), pattern.data(), filled);
  while (filled < bytes) {
    const int64_t more = std::min(filled, bytes - filled);
    cuda_copy_within(device, static_cast<char*>(memory_.get()) + filled, memory_.get(), more);
    filled += more;
  }
}

GpuTensor::GpuTensor(Cuda& device, const std::vector<int32_t>& values)
    : GpuTensor(DType::i32, 1, static_cast<int64_t>(values.size())) {
  cuda_copy_in(device, memory_.get(), values.data(), static_cast<int64_t>(values.size() * sizeof(int32_t)));
}

GpuTensor::GpuTensor(Cuda& device, const std::vector<float>& values)
    : GpuTensor(DType::f32, 1, static_cast<int64_t>(values.size())) {
  cuda_copy_in(device, memory_.get(), values.data(), static_cast<int64_t>(values.size() * sizeof(float)));
}

}  // namespace cloze::bench
