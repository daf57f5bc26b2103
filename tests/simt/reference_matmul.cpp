#include "tests/simt/reference_matmul.h"

#include <vector>

#include "tests/simt/simt.h"
#include "tests/simt/streams.h"

namespace cloze::simt {
namespace {

// The elements of a tensor, row by row. Rows past the live ones count as 0 where nobody wrote them.
std::vector<double> read(const Tensor& tensor) {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(tensor.rows * tensor.columns));
  const auto bytes = tensor.columns * static_cast<int64_t>(size_of(tensor.dtype));
  for (int64_t row = 0; row < tensor.rows; ++row) {
    const char* begin = static_cast<const char*>(tensor.data) +
                        row * tensor.stride * static_cast<int64_t>(size_of(tensor.dtype));
    const bool dead = tensor.live != nullptr && row >= *tensor.live;
    if (!dead) require_written(begin, bytes);
    for (int64_t column = 0; column < tensor.columns; ++column)
      values.push_back(tensor.dtype == DType::bf16 ? to_float(tensor.row<BFloat16>(row)[column])
                                                   : tensor.row<float>(row)[column]);
  }
  return values;
}

void write(const Tensor& tensor, int64_t row, const std::vector<double>& values) {
  for (size_t column = 0; column < values.size(); ++column) {
    const auto value = static_cast<float>(values[column]);
    if (tensor.dtype == DType::bf16)
      tensor.row<BFloat16>(row)[column] = to_bfloat16(value);
    else
      tensor.row<float>(row)[column] = value;
  }
  const auto size = static_cast<int64_t>(size_of(tensor.dtype));
  mark_written(static_cast<char*>(tensor.data) + row * tensor.stride * size, tensor.columns * size);
}

}  // namespace

namespace {

void multiply_now(const Matmul& matmul) {
  const std::vector<double> left = read(matmul.left), right = read(matmul.right);
  const std::vector<double> bias = matmul.bias ? read(matmul.bias) : std::vector<double>();
  const int64_t columns = matmul.output.columns;
  const int64_t depth = matmul.transpose_left ? matmul.left.rows : matmul.left.columns;
  const std::vector<double> present =
      matmul.mode == GradientMode::accumulate ? read(matmul.output) : std::vector<double>();
  std::vector<double> sums(static_cast<size_t>(columns));
  for (int64_t row = 0; row < matmul.output.rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      double sum = present.empty() ? 0 : present[static_cast<size_t>(row * columns + column)];
      for (int64_t k = 0; k < depth; ++k)
        sum += left[static_cast<size_t>(matmul.transpose_left ? k * matmul.left.columns + row
                                                              : row * depth + k)] *
               right[static_cast<size_t>(matmul.transpose_right ? column * depth + k : k * columns + column)];
      sums[static_cast<size_t>(column)] = sum + (bias.empty() ? 0 : bias[static_cast<size_t>(column)]);
    }
    write(matmul.output, row, sums);
  }
}

}  // namespace

bool ReferenceMatmul::multiply(Cuda& device, const Matmul& matmul) {
  if (matmul.bias && !has_bias_) return false;
  submit(device.stream, [matmul] { multiply_now(matmul); });
  return true;
}

}  // namespace cloze::simt
