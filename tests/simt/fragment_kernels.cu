#include "tests/simt/fragment_kernels.h"

#include "kernels/attention/attention_tile.cuh"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"

namespace cloze::testing {
namespace {

// Element i of A, B and D of a lane: row and column (PTX manual, "Matrix Fragments for mma.m16n8k16").
struct Element {
  int row, column;
};
__device__ Element a_element(int i) {
  const int g = lane_index() / 4, t = lane_index() % 4;
  return {i % 4 < 2 ? g : g + 8, 2 * t + i % 2 + (i >= 4 ? 8 : 0)};
}
__device__ Element b_element(int i) {
  return {lane_index() % 4 * 2 + i % 2 + (i >= 2 ? 8 : 0), lane_index() / 4};
}
__device__ Element d_element(int i) {
  return {lane_index() / 4 + (i >= 2 ? 8 : 0), lane_index() % 4 * 2 + i % 2};
}
__device__ uint32_t pair(BFloat16 low, BFloat16 high) {
  return low.bits | uint32_t{high.bits} << 16;
}

__global__ void multiply_kernel(const BFloat16* a, const BFloat16* b, float* d) {
  const auto a_at = [&](int i) { return a[a_element(i).row * 16 + a_element(i).column]; };
  const auto b_at = [&](int i) { return b[b_element(i).row * 8 + b_element(i).column]; };
  uint32_t a_registers[4], b_registers[2];
  for (int i = 0; i < 4; ++i) a_registers[i] = pair(a_at(2 * i), a_at(2 * i + 1));
  for (int i = 0; i < 2; ++i) b_registers[i] = pair(b_at(2 * i), b_at(2 * i + 1));
  float sums[4];
  for (int i = 0; i < 4; ++i) sums[i] = d[d_element(i).row * 8 + d_element(i).column];
  multiply_fragments(sums, a_registers, b_registers);
  for (int i = 0; i < 4; ++i) d[d_element(i).row * 8 + d_element(i).column] = sums[i];
}

__global__ void tile_kernel(const BFloat16* source, BFloat16* loaded, BFloat16* expected, TileLoad load,
                            int row, int column) {
  const Tile<64> tile{dynamic_shared_memory<BFloat16>()};
  for (int i = lane_index(); i < 64 * 64; i += warp_lanes) *tile.at(i / 64, i % 64) = source[i];
  __syncthreads();
  uint32_t registers[4], b[2][2];
  if (load == TileLoad::a) tile.load_a(registers, row, column);
  if (load == TileLoad::a_transposed) tile.load_a_transposed(registers, row, column);
  if (load == TileLoad::b) tile.load_b(b, row, column);
  if (load == TileLoad::b_straight) tile.load_b_straight(b, row, column);
  for (int i = 0; i < 8; ++i) {
    const bool is_a = load == TileLoad::a || load == TileLoad::a_transposed;
    const uint32_t word = is_a ? registers[i / 2] : b[i / 4][i / 2 % 2];
    const Element element = is_a ? a_element(i) : b_element(i % 4);
    const int right = is_a ? 0 : i / 4 * 8;  // the second fragment of B
    const bool turned = load == TileLoad::a_transposed || load == TileLoad::b;
    const int tile_row = turned ? element.column + right : element.row;
    const int tile_column = turned ? element.row : element.column + right;
    loaded[8 * lane_index() + i] = {static_cast<uint16_t>(i % 2 == 0 ? word & 0xFFFFu : word >> 16)};
    expected[8 * lane_index() + i] = source[(row + tile_row) * 64 + column + tile_column];
  }
}

template <typename T>
class DeviceCopy {
 public:
  DeviceCopy(Cuda& device, const std::vector<T>& values) : device_(device), count_(values.size()) {
    memory_ = cuda_allocate(bytes());
    cuda_copy_in(device_, memory_, values.data(), bytes());
  }
  ~DeviceCopy() { cuda_free(memory_); }
  DeviceCopy(const DeviceCopy&) = delete;
  DeviceCopy& operator=(const DeviceCopy&) = delete;
  T* data() { return static_cast<T*>(memory_); }
  std::vector<T> read() {
    std::vector<T> values(count_);
    cuda_copy_out(device_, values.data(), memory_, bytes());
    return values;
  }

 private:
  int64_t bytes() const { return static_cast<int64_t>(count_ * sizeof(T)); }
  Cuda& device_;
  size_t count_;
  void* memory_ = nullptr;
};

}  // namespace

std::vector<float> multiply_on_warp(const std::vector<BFloat16>& a, const std::vector<BFloat16>& b,
                                    const std::vector<float>& c) {
  Cuda device = current_cuda_device(nullptr);
  DeviceCopy<BFloat16> left(device, a), right(device, b);
  DeviceCopy<float> sums(device, c);
  launch(device, {1, warp_lanes}, multiply_kernel, left.data(), right.data(), sums.data());
  return sums.read();
}

LoadedFragments load_from_tile(TileLoad load, const std::vector<BFloat16>& tile, int row, int column) {
  Cuda device = current_cuda_device(nullptr);
  const std::vector<BFloat16> empty(warp_lanes * 8);
  DeviceCopy<BFloat16> source(device, tile), loaded(device, empty), expected(device, empty);
  launch(device, {1, warp_lanes, Tile<64>::size * sizeof(BFloat16)}, tile_kernel, source.data(),
         loaded.data(), expected.data(), load, row, column);
  return {loaded.read(), expected.read()};
}

}  // namespace cloze::testing
