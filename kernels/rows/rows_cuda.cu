#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/rows/rows.h"

namespace cloze {
namespace {

// Rows are moved as they are: a word is the unit, 16 bytes or one element.
template <typename Word>
__device__ Word* word_row(const Tensor& tensor, int64_t row, int element_bytes) {
  return reinterpret_cast<Word*>(static_cast<char*>(tensor.data) + row * tensor.stride * element_bytes);
}

template <typename Word>
__global__ void gather_kernel(GatherRows op, int words, int element_bytes) {
  const int64_t step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < op.index.live_rows();
       row += step) {
    const Word* source = word_row<Word>(op.input, *op.index.row<int32_t>(row), element_bytes);
    Word* target = word_row<Word>(op.output, row, element_bytes);
    for (int i = lane_index(); i < words; i += warp_lanes) target[i] = source[i];
  }
}

template <typename Word>
__global__ void clear_kernel(Tensor tensor, int words, int element_bytes) {
  const int64_t step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < tensor.live_rows();
       row += step)
    for (int i = lane_index(); i < words; i += warp_lanes)
      word_row<Word>(tensor, row, element_bytes)[i] = Word{};
}

template <typename Word>
__global__ void scatter_kernel(ScatterRows op, int words, int element_bytes) {
  const int64_t step = int64_t{gridDim.x} * row_loop_rows;
  for (int64_t row = int64_t{blockIdx.x} * row_loop_rows + warp_index(); row < op.index.live_rows();
       row += step) {
    const Word* source = word_row<Word>(op.input, row, element_bytes);
    Word* target = word_row<Word>(op.output, *op.index.row<int32_t>(row), element_bytes);
    for (int i = lane_index(); i < words; i += warp_lanes) target[i] = source[i];
  }
}

template <typename T>
__global__ void scatter_add_kernel(ScatterRows op, bool whole) {
  for_each_group(op.index.live_rows(), static_cast<int>(op.input.columns),
                 [&](int64_t row, int column, int count) {
                   float values[group], present[group];
                   T* target = op.output.row<T>(*op.index.row<int32_t>(row)) + column;
                   load_columns(op.input.row<T>(row) + column, count, whole, values);
                   load_columns(target, count, whole, present);
#pragma unroll
                   for (int i = 0; i < group; ++i) values[i] += present[i];
                   store_columns(target, count, whole, values);
                 });
}

// body(Word{}, words of a row, bytes of an element) with the widest word that fits.
template <typename Body>
void with_word(const Tensor& one, const Tensor& other, Body body) {
  const auto element_bytes = static_cast<int>(size_of(one.dtype));
  const auto columns = static_cast<int>(one.columns);
  if (holds_groups({one, other}))
    body(uint4{}, columns * element_bytes / 16, element_bytes);
  else if (element_bytes == 4)
    body(uint32_t{}, columns, element_bytes);
  else if (element_bytes == 2)
    body(uint16_t{}, columns, element_bytes);
  else
    throw CudaError(std::string("rows of ") + name_of(one.dtype) + " are not moved on a GPU");
}

LaunchShape row_loop(const Cuda& device, int64_t rows) {
  return {looping_blocks(device, rows, row_loop_rows), row_loop_threads};
}

}  // namespace

void gather_rows(Cuda& device, const GatherRows& op) {
  with_word(op.input, op.output, [&]<typename Word>(Word, int words, int element_bytes) {
    launch(device, row_loop(device, op.index.rows), gather_kernel<Word>, op, words, element_bytes);
  });
}

void scatter_rows(Cuda& device, const ScatterRows& op) {
  if (op.mode == GradientMode::accumulate) {
    const bool whole = holds_groups({op.input, op.output});
    with_storage_type(op.output, "scatter_rows", [&]<typename T>(T) {
      launch(device, row_loop(device, op.index.rows), scatter_add_kernel<T>, op, whole);
    });
    return;
  }
  with_word(op.input, op.output, [&]<typename Word>(Word, int words, int element_bytes) {
    launch(device, row_loop(device, op.output.rows), clear_kernel<Word>, op.output, words, element_bytes);
    launch(device, row_loop(device, op.index.rows), scatter_kernel<Word>, op, words, element_bytes);
  });
}

}  // namespace cloze
