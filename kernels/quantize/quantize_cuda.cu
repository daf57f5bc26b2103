#include <cuda_runtime.h>

#include "kernels/common/storage.h"
#include "kernels/quantize/quantize_tiles.cuh"
#include "kernels/quantize/scaling.h"

namespace cloze {
namespace {

template <typename T, typename Float8>
__global__ void __launch_bounds__(quantize_threads)
    quantize_kernel(Quantize op, int64_t tiles, int64_t across) {
  auto load = [&](int64_t row, int column, float(&values)[group]) {
    load_group(op.input.row<T>(row) + column, values);
  };
  quantize_tiles<Float8>(op, tiles, across, load, [](int64_t, int64_t) {});
}

__global__ void collect_maxima_kernel(CollectMaxima op) {
  const int64_t tensor = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (tensor < op.scaling.rows)
    op.maxima.as<float>()[tensor] = op.scaling.row<float>(tensor)[scaling_columns::amax];
}

__global__ void update_scaling_kernel(UpdateScaling op) {
  const int64_t tensor = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (tensor >= op.scaling.rows) return;
  float amax = 0;
  for (int64_t process = 0; process < op.maxima.rows; ++process)
    amax = fmaxf(amax, op.maxima.row<float>(process)[tensor]);
  update_scaling_row(op.scaling.row<float>(tensor), amax);
}

// A thread for each tensor.
LaunchShape one_each(int64_t tensors) {
  return {(tensors + warp_lanes - 1) / warp_lanes, warp_lanes};
}

}  // namespace

void quantize(Cuda& device, const Quantize& op) {
  require_groups("quantize", {op.input});
  const QuantizeGrid grid = quantize_grid(device, op);
  with_storage_type(op.input, "quantize", [&]<typename T>(T) {
    with_float8_type(op, [&]<typename Float8>(Float8) {
      launch(device, grid.shape, quantize_kernel<T, Float8>, op, grid.tiles, grid.across);
    });
  });
}

void collect_maxima(Cuda& device, const CollectMaxima& op) {
  launch(device, one_each(op.scaling.rows), collect_maxima_kernel, op);
}

void update_scaling(Cuda& device, const UpdateScaling& op) {
  launch(device, one_each(op.scaling.rows), update_scaling_kernel, op);
}

}  // namespace cloze
