#include "kernels/common/launch.h"
#include "kernels/common/storage.h"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"
#include "kernels/squared_error/squared_error.h"

namespace cloze {
namespace {

constexpr int threads = 256;

// A number a sequence: one block takes them all, its sum in a fixed order.
template <typename T>
__global__ void __launch_bounds__(threads) squared_error_kernel(SquaredError op) {
  __shared__ double scratch[threads / warp_lanes];
  const float scale = *op.scale.as<float>();
  double mine = 0;
  for (int64_t row = static_cast<int64_t>(threadIdx.x); row < op.x.live_rows(); row += threads) {
    const float difference = load_one(op.x.row<T>(row)) - load_one(op.targets.row<T>(row));
    *op.row_loss.row<float>(row) = difference * difference;
    mine += static_cast<double>(difference) * static_cast<double>(difference);
    if (op.gradient) store_one(op.gradient.row<T>(row), 2 * scale * difference);
  }
  const double sum = block_sum(mine, scratch);
  if (threadIdx.x == 0) *op.loss.as<float>() = static_cast<float>(static_cast<double>(scale) * sum);
}

}  // namespace

void squared_error(Cuda& device, const SquaredError& op) {
  with_storage_type(op.x, "squared_error", [&]<typename T>(T) {
    launch(device, {1, threads}, squared_error_kernel<T>, op);
  });
}

}  // namespace cloze
