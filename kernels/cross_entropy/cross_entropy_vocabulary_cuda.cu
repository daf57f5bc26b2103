#include "kernels/common/launch.h"
#include "kernels/common/storage.h"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"
#include "kernels/cross_entropy/cross_entropy_cuda.h"

namespace cloze {
namespace {

// BERT's 30,592 padded columns are 3,824 groups: four per thread. A larger vocabulary is read again for what
// does not fit in the registers.
constexpr int threads = 1024;
constexpr int kept_groups = 4;

// A group as it is stored.
template <typename T>
struct RawGroup;
template <>
struct RawGroup<BFloat16> {
  uint4 data;
  __device__ void load(const BFloat16* source) { data = *reinterpret_cast<const uint4*>(source); }
  __device__ void unpack(float (&values)[group]) const { unpack_group(data, values); }
};
template <>
struct RawGroup<float> {
  float data[group];
  __device__ void load(const float* source) { load_group(source, data); }
  __device__ void unpack(float (&values)[group]) const {
#pragma unroll
    for (int i = 0; i < group; ++i) values[i] = data[i];
  }
};

// The columns of one thread: body(k, column) for those whose groups are kept, k < kept_groups, and the
// others, k = kept_groups.
template <typename Body>
__device__ void for_each_column_group(int columns, const Body& body) {
#pragma unroll
  for (int k = 0; k < kept_groups; ++k) {
    const int column = (k * threads + static_cast<int>(threadIdx.x)) * group;
    if (column < columns) body(k, column);
  }
  for (int column = (kept_groups * threads + static_cast<int>(threadIdx.x)) * group; column < columns;
       column += threads * group)
    body(kept_groups, column);
}

template <typename T>
struct LogitRow {
  RawGroup<T> kept[kept_groups];
  const T* logits;

  // The logits of a group; padding of the vocabulary is -inf.
  __device__ void get(int k, int column, int classes, float (&values)[group]) const {
    bool held = false;
#pragma unroll
    for (int i = 0; i < kept_groups; ++i)
      if (k == i) {
        kept[i].unpack(values);
        held = true;
      }
    if (!held) load_group(logits + column, values);
#pragma unroll
    for (int i = 0; i < group; ++i)
      if (column + i >= classes) values[i] = -INFINITY;
  }
};

template <typename T>
__device__ void clear_row(const CrossEntropy& op, int64_t row) {
  if (threadIdx.x == 0) {
    *op.row_loss.row<float>(row) = 0;
    *op.row_correct.row<int32_t>(row) = 0;
  }
  const float zeros[group] = {};
  if (op.gradient)
    for (int column = static_cast<int>(threadIdx.x) * group; column < static_cast<int>(op.logits.columns);
         column += threads * group)
      store_group(op.gradient.row<T>(row) + column, zeros);
}

template <typename T>
__global__ void __launch_bounds__(threads) vocabulary_kernel(CrossEntropy op) {
  __shared__ float maxima[threads / warp_lanes], sums[threads / warp_lanes];
  const int64_t row = blockIdx.x;
  if (row >= op.logits.live_rows()) return;
  const int label = *op.labels.row<int32_t>(row);
  if (label < 0) return clear_row<T>(op, row);
  const int columns = static_cast<int>(op.logits.columns), classes = static_cast<int>(op.classes);
  LogitRow<T> x;
  x.logits = op.logits.row<T>(row);
  const float label_logit = load_one(x.logits + label);

#pragma unroll
  for (int k = 0; k < kept_groups; ++k) {
    const int column = (k * threads + static_cast<int>(threadIdx.x)) * group;
    if (column < columns) x.kept[k].load(x.logits + column);
  }
  float maximum = -INFINITY;
  int beaten = 0;  // by an earlier class as high, or any higher
  for_each_column_group(columns, [&](int k, int column) {
    float values[group];
    x.get(k, column, classes, values);
#pragma unroll
    for (int i = 0; i < group; ++i) {
      maximum = fmaxf(maximum, values[i]);
      beaten |= values[i] > label_logit || (values[i] == label_logit && column + i < label) ? 1 : 0;
    }
  });
  maximum = block_maximum(maximum, maxima);
  float sum = 0;
  for_each_column_group(columns, [&](int k, int column) {
    float values[group];
    x.get(k, column, classes, values);
#pragma unroll
    for (int i = 0; i < group; ++i) sum += expf(values[i] - maximum);
  });
  sum = block_sum(sum, sums);
  beaten = __syncthreads_or(beaten);
  if (threadIdx.x == 0) {
    *op.row_loss.row<float>(row) = logf(sum) + (maximum - label_logit);
    *op.row_correct.row<int32_t>(row) = beaten != 0 ? 0 : 1;
  }
  if (!op.gradient) return;
  const float scale = *op.scale.as<float>(), factor = scale / sum;
  for_each_column_group(columns, [&](int k, int column) {
    float values[group];
    x.get(k, column, classes, values);
#pragma unroll
    for (int i = 0; i < group; ++i)
      values[i] = expf(values[i] - maximum) * factor - (column + i == label ? scale : 0.0f);
    store_group(op.gradient.row<T>(row) + column, values);
  });
}

}  // namespace

void cross_entropy_of_vocabulary(Cuda& device, const CrossEntropy& op) {
  with_storage_type(op.logits, "cross_entropy", [&]<typename T>(T) {
    launch(device, {op.logits.rows, threads}, vocabulary_kernel<T>, op);
  });
}

}  // namespace cloze
