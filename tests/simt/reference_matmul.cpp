#include "tests/simt/reference_matmul.h"

#include <functional>
#include <vector>

#include "tests/simt/activities.h"
#include "tests/simt/plain_gelu.h"
#include "tests/simt/simt.h"
#include "tests/simt/streams.h"

namespace cloze::simt {
namespace {

double value_at(const Tensor& tensor, int64_t row, int64_t column) {
  switch (tensor.dtype) {
    case DType::bf16:
      return to_float(tensor.row<BFloat16>(row)[column]);
    case DType::f8_e4m3:
      return to_float(tensor.row<Float8E4M3>(row)[column]);
    case DType::f8_e5m2:
      return to_float(tensor.row<Float8E5M2>(row)[column]);
    default:
      return tensor.row<float>(row)[column];
  }
}

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
      values.push_back(value_at(tensor, row, column));
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

// op(left) · op(right), row by row.
std::vector<double> product(const Matmul& matmul, const std::vector<double>& left) {
  const std::vector<double> right = read(matmul.right);
  const int64_t rows = matmul.output.rows, columns = matmul.output.columns;
  const int64_t depth = matmul.transpose_left ? matmul.left.rows : matmul.left.columns;
  const auto at = [](const std::vector<double>& values, int64_t i) { return values[static_cast<size_t>(i)]; };
  std::vector<double> sums;
  sums.reserve(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += at(left, matmul.transpose_left ? k * rows + row : row * depth + k) *
               at(right, matmul.transpose_right ? column * depth + k : k * columns + column);
      sums.push_back(sum);
    }
  }
  return sums;
}

void write_all(const Tensor& tensor, const std::vector<double>& values) {
  for (int64_t row = 0; row < tensor.rows; ++row) {
    const auto begin = values.begin() + row * tensor.columns;
    write(tensor, row, {begin, begin + tensor.columns});
  }
}

void write_row_sums(const Matmul& matmul, const std::vector<double>& left) {
  const int64_t rows = matmul.output.rows;
  std::vector<double> sums(static_cast<size_t>(rows));
  for (size_t i = 0; i < left.size(); ++i)  // of the transposed factor: its column sums
    sums[matmul.transpose_left ? i % sums.size() : i / (left.size() / sums.size())] += left[i];
  write(matmul.row_sums, 0, sums);
}

void multiply_now(const Matmul& matmul) {
  const std::vector<double> left = read(matmul.left);
  std::vector<double> sums = product(matmul, left);
  const auto each = [&](const std::vector<double>& other, const auto& combined) {
    for (size_t i = 0; i < sums.size(); ++i) sums[i] = combined(sums[i], other[i % other.size()]);
  };
  if (is_float8(matmul.left.dtype)) {
    const double scale = read(matmul.left_inverse).at(0) * read(matmul.right_inverse).at(0);
    for (double& sum : sums) sum *= scale;
  }
  if (matmul.bias) each(read(matmul.bias), std::plus<>());
  switch (matmul.epilogue) {
    case Epilogue::none:
    case Epilogue::bias:
      break;
    case Epilogue::bias_gelu_kept:
      write_all(matmul.pre_activation, sums);
      [[fallthrough]];
    case Epilogue::bias_gelu:
      for (double& sum : sums) sum = gelu(sum);
      break;
    case Epilogue::gelu_gradient:
      each(read(matmul.pre_activation), [](double sum, double x) { return sum * gelu_slope(x); });
      break;
    case Epilogue::row_sums:
      write_row_sums(matmul, left);
      break;
  }
  if (matmul.mode == GradientMode::accumulate) each(read(matmul.output), std::plus<>());
  write_all(matmul.output, sums);
}

}  // namespace

bool ReferenceMatmul::multiply(Cuda& device, const Matmul& matmul) {
  if (matmul.epilogue != Epilogue::none && !has_epilogues_) return false;
  submit(device.stream,
         observed(ActivityKind::kernel, "reference_matmul", [matmul] { multiply_now(matmul); }));
  return true;
}

}  // namespace cloze::simt
