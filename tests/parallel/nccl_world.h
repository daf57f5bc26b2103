#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/parallel/nccl_communicator.h"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/tensor.h"
#include "tests/parallel/forked_ranks.h"

// What tests of NCCL run on: emulated devices with the stand-in for NCCL (nccl_world_emulated.cpp), or ranks
// on one GPU with NCCL itself (nccl_world_gpu.cpp).
namespace cloze::testing {

// NCCL as the ranks of one communicator have it; made before they are forked.
class NcclWorld {
 public:
  explicit NcclWorld(int size);
  ~NcclWorld();
  NcclWorld(const NcclWorld&) = delete;
  NcclWorld& operator=(const NcclWorld&) = delete;
  NcclOptions options(int rank) const;  // to be called in the rank's process

 private:
  struct Contents;
  std::unique_ptr<Contents> contents_;
};

// The emulator's orders in which the work of streams runs (simt.h, set_order); a GPU has one.
uint64_t stream_orders();
void set_stream_order(uint64_t order);
// Does it add in the order of ranks, and for bf16 round before and after each addition?
bool adds_in_order_of_ranks();
// CUDA graphs replayed so far, where that is known.
std::optional<uint64_t> replays();

// A rank on its device.
struct Rank {
  Cuda& device;
  Communicator& ranks;
};
using DeviceBody = std::function<std::vector<double>(Rank&)>;
constexpr Patience short_patience{std::chrono::seconds(10), std::chrono::seconds(4), std::chrono::seconds(2)};

// Runs `body` on `size` ranks, each a process. `options(rank)`: of NCCL.
std::vector<RankOutcome> on_devices(int size, const DeviceBody& body,
                                    const std::function<NcclOptions(int rank)>& options);
std::vector<RankOutcome> on_devices(int size, const DeviceBody& body);

// Numbers in the memory of a device.
class DeviceFloats {
 public:
  DeviceFloats(Cuda& device, const std::vector<float>& values)
      : device_(device), count_(values.size()), data_(cuda_allocate(bytes())) {
    set(values);
  }
  ~DeviceFloats() { cuda_free(data_); }
  DeviceFloats(const DeviceFloats&) = delete;
  DeviceFloats& operator=(const DeviceFloats&) = delete;
  std::span<float> span() const { return {static_cast<float*>(data_), count_}; }
  Tensor tensor() const {
    const auto columns = static_cast<int64_t>(count_);
    return {.data = data_, .dtype = DType::f32, .rows = 1, .columns = columns, .stride = columns};
  }
  void set(const std::vector<float>& values) { cuda_copy_in(device_, data_, values.data(), bytes()); }
  std::vector<float> get() const {
    std::vector<float> values(count_);
    cuda_copy_out(device_, values.data(), data_, bytes());
    return values;
  }

 private:
  int64_t bytes() const { return static_cast<int64_t>(count_ * sizeof(float)); }
  Cuda& device_;
  size_t count_;
  void* data_;
};

// Different for each rank; sums depend on their order.
std::vector<float> numbers_of(int rank, int64_t count);

}  // namespace cloze::testing
