#include "kernels/common/column_sum.cuh"
#include "kernels/common/column_sum_cuda.h"
#include "kernels/common/dropout.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/elementwise/elementwise.h"

namespace cloze {
namespace {

template <typename T>
__global__ void add_kernel(Add op, bool whole) {
  for_each_group(op.left.live_rows(), static_cast<int>(op.left.columns),
                 [&](int64_t row, int column, int count) {
                   float left[group], right[group];
                   load_columns(op.left.row<T>(row) + column, count, whole, left);
                   load_columns(op.right.row<T>(row) + column, count, whole, right);
#pragma unroll
                   for (int i = 0; i < group; ++i) left[i] += right[i];
                   store_columns(op.output.row<T>(row) + column, count, whole, left);
                 });
}

template <typename T>
__global__ void add_bias_kernel(AddBias op, bool whole) {
  for_each_group(op.input.live_rows(), static_cast<int>(op.input.columns),
                 [&](int64_t row, int column, int count) {
                   float values[group], bias[group];
                   load_columns(op.input.row<T>(row) + column, count, whole, values);
                   load_parameters(op.bias, column, count, whole, bias);
#pragma unroll
                   for (int i = 0; i < group; ++i) values[i] += bias[i];
                   store_columns(op.output.row<T>(row) + column, count, whole, values);
                 });
}

template <typename From, typename To>
__global__ void cast_kernel(Cast op, bool whole) {
  for_each_group(op.input.live_rows(), static_cast<int>(op.input.columns),
                 [&](int64_t row, int column, int count) {
                   float values[group];
                   load_columns(op.input.row<From>(row) + column, count, whole, values);
                   store_columns(op.output.row<To>(row) + column, count, whole, values);
                 });
}

template <typename T>
__global__ void dropout_kernel(DropoutApply op, bool whole) {
  for_each_group(op.input.live_rows(), static_cast<int>(op.input.columns),
                 [&](int64_t row, int column, int count) {
                   float values[group];
                   load_columns(op.input.row<T>(row) + column, count, whole, values);
                   apply_dropout(dropout_row(op.dropout, row), column / group, values);
                   store_columns(op.output.row<T>(row) + column, count, whole, values);
                 });
}

template <typename T>
__global__ void column_sum_kernel(ColumnSum op, bool whole) {
  const int columns = static_cast<int>(op.input.columns);
  sum_chunk(op.input.live_rows(), columns, op.workspace.as<float>(), columns,
            [&](int64_t row, int column, int count, float(&sums)[group]) {
              float values[group];
              load_columns(op.input.row<T>(row) + column, count, whole, values);
#pragma unroll
              for (int i = 0; i < group; ++i) sums[i] += values[i];
            });
}

LaunchShape row_loop(const Cuda& device, const Tensor& tensor) {
  return {looping_blocks(device, tensor.rows, row_loop_rows), row_loop_threads};
}

// A warp takes a row: one long row is cut into as many as have a group for each lane.
constexpr int64_t cut_columns = warp_lanes * group;
bool can_be_cut(const Tensor& tensor) {
  return tensor.rows == 1 && tensor.live == nullptr && tensor.columns % cut_columns == 0;
}
Tensor cut(Tensor tensor) {
  tensor.rows = tensor.columns / cut_columns;
  tensor.columns = tensor.stride = cut_columns;
  return tensor;
}

}  // namespace

void add(Cuda& device, const Add& op) {
  const bool cuts = can_be_cut(op.left) && can_be_cut(op.right) && can_be_cut(op.output);
  const Add rows = cuts ? Add{cut(op.left), cut(op.right), cut(op.output)} : op;
  const bool whole = holds_groups({rows.left, rows.right, rows.output});
  with_storage_type(rows.output, "add", [&]<typename T>(T) {
    launch(device, row_loop(device, rows.left), add_kernel<T>, rows, whole);
  });
}

void add_bias(Cuda& device, const AddBias& op) {
  const bool whole = holds_groups({op.input, op.bias, op.output});
  with_storage_type(op.output, "add_bias", [&]<typename T>(T) {
    launch(device, row_loop(device, op.input), add_bias_kernel<T>, op, whole);
  });
}

void cast(Cuda& device, const Cast& op) {
  const bool whole = holds_groups({op.input, op.output});
  with_storage_type(op.input, "cast", [&]<typename From>(From) {
    with_storage_type(op.output, "cast", [&]<typename To>(To) {
      launch(device, row_loop(device, op.input), cast_kernel<From, To>, op, whole);
    });
  });
}

void dropout_apply(Cuda& device, const DropoutApply& op) {
  const bool whole = holds_groups({op.input, op.output});
  with_storage_type(op.output, "dropout", [&]<typename T>(T) {
    launch(device, row_loop(device, op.input), dropout_kernel<T>, op, whole);
  });
}

void column_sum(Cuda& device, const ColumnSum& op) {
  const bool whole = holds_groups({op.input});
  const int64_t columns = op.input.columns;
  with_storage_type(op.input, "column_sum", [&]<typename T>(T) {
    launch(device, {column_sum_chunks(op.input.rows), column_sum_threads, 0, column_tiles(columns)},
           column_sum_kernel<T>, op, whole);
  });
  finish_column_sums(device, op.workspace.as<float>(), op.input, columns, columns, op.mode,
                     op.sums.as<float>());
}

}  // namespace cloze
