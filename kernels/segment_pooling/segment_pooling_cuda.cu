#include "kernels/common/launch.h"
#include "kernels/common/row_loop.cuh"
#include "kernels/common/storage.h"
#include "kernels/segment_pooling/segment_pooling.h"

namespace cloze {
namespace {

// A warp per segment, eight columns per lane; the rows of a segment one after the other. `whole` is known to
// the compiler: as an argument it would cost these loops more predicates than there are.
template <typename T, bool whole>
__global__ void mean_kernel(SegmentPoolForward op) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  for_each_group(op.output.live_rows(), static_cast<int>(op.output.columns),
                 [&](int64_t segment, int column, int count) {
                   float values[group], sums[group] = {};
                   const int first = offsets[segment], rows = offsets[segment + 1] - first;
                   const T* source = op.input.row<T>(first) + column;
                   for (int row = 0; row < rows; ++row, source += op.input.stride) {
                     load_columns(source, count, whole, values);
#pragma unroll
                     for (int i = 0; i < group; ++i) sums[i] += values[i];
                   }
                   const float share = 1.0f / static_cast<float>(rows > 0 ? rows : 1);
#pragma unroll
                   for (int i = 0; i < group; ++i) sums[i] *= share;
                   store_columns(op.output.row<T>(segment) + column, count, whole, sums);
                 });
}

template <typename T, bool whole>
__global__ void maximum_kernel(SegmentPoolForward op) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  for_each_group(op.output.live_rows(), static_cast<int>(op.output.columns),
                 [&](int64_t segment, int column, int count) {
                   float values[group], best[group] = {};
                   const int first = offsets[segment], rows = offsets[segment + 1] - first;
                   int places[group];
#pragma unroll
                   for (int i = 0; i < group; ++i) places[i] = rows > 0 ? 0 : -1;
                   const T* source = op.input.row<T>(first) + column;
                   for (int row = 0; row < rows; ++row, source += op.input.stride) {
                     load_columns(source, count, whole, values);
#pragma unroll
                     for (int i = 0; i < group; ++i) {
                       const bool not_a_number = values[i] != values[i] && best[i] == best[i];
                       const bool larger = row == 0 || values[i] > best[i] || not_a_number;
                       best[i] = larger ? values[i] : best[i];
                       places[i] = larger ? row : places[i];
                     }
                   }
                   store_columns(op.output.row<T>(segment) + column, count, whole, best);
                   int32_t* target = op.places.row<int32_t>(segment) + column;
#pragma unroll
                   for (int i = 0; i < group; ++i)
                     if (i < count) target[i] = places[i];
                 });
}

// target (=, +=) values
template <typename T>
__device__ void write_columns(T* target, int count, bool whole, bool accumulate, float (&values)[group]) {
  if (accumulate) {
    float present[group];
    load_columns(target, count, whole, present);
#pragma unroll
    for (int i = 0; i < group; ++i) values[i] += present[i];
  }
  store_columns(target, count, whole, values);
}

template <typename T>
__global__ void spread_mean_kernel(SegmentPoolBackward op, bool accumulate, bool whole) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  for_each_group(op.output_gradient.live_rows(), static_cast<int>(op.output_gradient.columns),
                 [&](int64_t segment, int column, int count) {
                   float gradient[group], values[group];
                   const int first = offsets[segment], rows = offsets[segment + 1] - first;
                   const float share = 1.0f / static_cast<float>(rows > 0 ? rows : 1);
                   load_columns(op.output_gradient.row<T>(segment) + column, count, whole, gradient);
                   for (int row = 0; row < rows; ++row) {
#pragma unroll
                     for (int i = 0; i < group; ++i) values[i] = gradient[i] * share;
                     write_columns(op.input_gradient.row<T>(first + row) + column, count, whole, accumulate,
                                   values);
                   }
                 });
}

template <typename T>
__global__ void spread_maximum_kernel(SegmentPoolBackward op, bool accumulate, bool whole) {
  const int32_t* offsets = op.offsets.as<int32_t>();
  for_each_group(op.output_gradient.live_rows(), static_cast<int>(op.output_gradient.columns),
                 [&](int64_t segment, int column, int count) {
                   float gradient[group], values[group];
                   int places[group];
                   const int first = offsets[segment], rows = offsets[segment + 1] - first;
                   const int32_t* source = op.places.row<int32_t>(segment) + column;
#pragma unroll
                   for (int i = 0; i < group; ++i) places[i] = i < count ? source[i] : -1;
                   load_columns(op.output_gradient.row<T>(segment) + column, count, whole, gradient);
                   for (int row = 0; row < rows; ++row) {
#pragma unroll
                     for (int i = 0; i < group; ++i) values[i] = places[i] == row ? gradient[i] : 0.0f;
                     write_columns(op.input_gradient.row<T>(first + row) + column, count, whole, accumulate,
                                   values);
                   }
                 });
}

LaunchShape segment_loop(const Cuda& device, int64_t segments) {
  return {looping_blocks(device, segments, row_loop_rows), row_loop_threads};
}

}  // namespace

void segment_pool_forward(Cuda& device, const SegmentPoolForward& op) {
  const LaunchShape shape = segment_loop(device, op.output.rows);
  const bool mean = op.pooling == SegmentPooling::mean, whole = holds_groups({op.input, op.output});
  with_storage_type(op.output, "segment_pool", [&]<typename T>(T) {
    if (whole)
      launch(device, shape, mean ? mean_kernel<T, true> : maximum_kernel<T, true>, op);
    else
      launch(device, shape, mean ? mean_kernel<T, false> : maximum_kernel<T, false>, op);
  });
}

void segment_pool_backward(Cuda& device, const SegmentPoolBackward& op) {
  const bool whole = holds_groups({op.output_gradient, op.input_gradient});
  const bool accumulate = op.mode == GradientMode::accumulate;
  const LaunchShape shape = segment_loop(device, op.output_gradient.rows);
  with_storage_type(op.output_gradient, "segment_pool", [&]<typename T>(T) {
    launch(device, shape,
           op.pooling == SegmentPooling::mean ? spread_mean_kernel<T> : spread_maximum_kernel<T>, op,
           accumulate, whole);
  });
}

}  // namespace cloze
