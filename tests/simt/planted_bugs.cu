#include "tests/simt/planted_bugs.h"

#include <cuda_runtime.h>

#include <numeric>
#include <vector>

#include "kernels/common/async_copy.cuh"
#include "kernels/common/launch.h"
#include "kernels/common/shared_memory.cuh"
#include "kernels/common/vector.cuh"
#include "kernels/common/warp.cuh"

namespace cloze::testing {
namespace {

constexpr int blocks = 2, threads = 64, count = blocks * threads;

__global__ void copy_with_offsets(const float* input, float* output, int read_offset, int write_offset) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  output[i + write_offset] = input[i + read_offset];
}

// Each thread passes its element to its neighbour through shared memory.
__global__ void pass_on(const float* input, float* output, Bug bug) {
  auto* shared = dynamic_shared_memory<float>();
  const int thread = static_cast<int>(threadIdx.x), first = static_cast<int>(blockIdx.x * blockDim.x);
  const int neighbour = (thread + 1) % threads;
  shared[thread] = 0;
  __syncthreads();
  const int slot = bug == Bug::past_shared_memory ? thread + 1 : thread;
  shared[slot] = input[first + thread];
  if (bug == Bug::race_between_warps)
    __syncwarp();
  else if (bug != Bug::missing_barrier)
    __syncthreads();
  output[first + thread] = shared[neighbour];
  if (bug != Bug::missing_barrier_in_loop) __syncthreads();
  shared[thread] = 1;
}

__global__ void read_unwritten_shared(float* output) {
  __shared__ float values[threads];
  if (threadIdx.x != 7) values[threadIdx.x] = 1;
  __syncthreads();
  output[blockIdx.x * blockDim.x + threadIdx.x] = values[threadIdx.x];
}

__global__ void exchange_in_warp(const float* input, float* output, Bug bug) {
  __shared__ float values[threads];
  const unsigned thread = threadIdx.x, first = blockIdx.x * blockDim.x;
  values[thread] = 0;
  __syncthreads();
  values[thread] = input[first + thread];
  float other = 0;
  if (bug == Bug::shuffle_as_barrier) other = 0 * __shfl_xor_sync(whole_warp, values[thread], 1);
  if (bug == Bug::none) __syncwarp();
  output[first + thread] = values[thread ^ 1] + other;
}

__global__ void write_same_element(float* output) {
  output[threadIdx.x] = 1;
}

__global__ void diverge(float* output, Bug bug) {
  float value = 1;
  if (bug == Bug::divergent_barrier) {
    if (threadIdx.x < threads / 2) __syncthreads();
  } else if (bug == Bug::divergent_places) {
    if (threadIdx.x < threads / 2)
      __syncthreads();
    else
      __syncthreads();
  } else if (threadIdx.x % warp_lanes < 16) {
    value = __shfl_xor_sync(whole_warp, value, 1);
  }
  output[blockIdx.x * blockDim.x + threadIdx.x] = value;
}

// Four elements per thread, from device to shared memory by cp.async and from there to the output.
__global__ void copy_asynchronously(const float* input, float* output, Bug bug) {
  auto* shared = dynamic_shared_memory<float>();
  const int thread = static_cast<int>(threadIdx.x);
  const int reader = bug == Bug::copy_without_barrier ? (thread + 1) % threads : thread;
  const int first = static_cast<int>(blockIdx.x) * threads * 4;
  copy_async(shared + 4 * thread, input + first + 4 * thread, true);
  copy_async_commit();
  if (bug != Bug::early_copy_read) copy_async_wait<0>();
  if (bug != Bug::copy_without_barrier) __syncthreads();
  for (int i = 0; i < 4; ++i) output[first + 4 * thread + i] = shared[4 * reader + i];
  if (bug == Bug::overwritten_copy_source) {
    copy_async(shared + 4 * ((thread + 1) % threads), input + first + 4 * thread, true);
    copy_async_commit();
    copy_async_wait<0>();
  }
}

__global__ void read_misaligned(const float* input, float* output, int offset) {
  float values[group];
  load_group(input + offset, values);
  output[blockIdx.x * blockDim.x + threadIdx.x] = values[0];
}

__global__ void index_past_array(const int* index, float* output) {
  float values[4] = {0, 1, 2, 3};
  values[index[0]] = static_cast<float>(threadIdx.x);
  output[blockIdx.x * blockDim.x + threadIdx.x] = values[0] + values[1] + values[2] + values[3];
}

__global__ void raise_maximum(float* maximum, int offset_in_bytes) {
  auto* place = reinterpret_cast<char*>(maximum) + offset_in_bytes;
  atomicMax(reinterpret_cast<int*>(place), static_cast<int>(threadIdx.x));
}

class Memory {
 public:
  explicit Memory(int64_t floats, bool written = true) : floats_(floats) {
    const auto bytes = static_cast<size_t>(floats) * sizeof(float);
    check_cuda(cudaMalloc(&memory_, bytes), "cudaMalloc");
    if (written) check_cuda(cudaMemsetAsync(memory_, 0, bytes, nullptr), "cudaMemsetAsync");
  }
  ~Memory() { cudaFree(memory_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  float* data() { return static_cast<float*>(memory_); }

 private:
  int64_t floats_;
  void* memory_ = nullptr;
};

void launch_planted(Cuda& device, Bug bug, Memory& input, Memory& output) {
  const LaunchShape plain{blocks, threads}, shared{blocks, threads, threads * sizeof(float)};
  const LaunchShape staged{blocks, threads, threads * 16};
  switch (bug) {
    case Bug::none:
      launch(device, plain, copy_with_offsets, input.data(), output.data(), 0, 0);
      launch(device, shared, pass_on, input.data(), output.data(), bug);
      launch(device, plain, exchange_in_warp, input.data(), output.data(), bug);
      return launch(device, staged, copy_asynchronously, input.data(), output.data(), bug);
    case Bug::off_by_one:
      return launch(device, plain, copy_with_offsets, input.data() + 3 * count, output.data(), 1, 0);
    case Bug::off_by_one_write:
      return launch(device, plain, copy_with_offsets, input.data(), output.data() + 3 * count, 0, 1);
    case Bug::past_shared_memory:
    case Bug::missing_barrier:
    case Bug::missing_barrier_in_loop:
    case Bug::race_between_warps:
      return launch(device, shared, pass_on, input.data(), output.data(), bug);
    case Bug::host_pointer: {
      const std::vector<float> host(count, 1.0f);
      return launch(device, plain, copy_with_offsets, host.data(), output.data(), 0, 0);
    }
    case Bug::misaligned:
      return launch(device, plain, read_misaligned, input.data(), output.data(), 1);
    case Bug::uninitialised: {
      Memory unwritten(count, false);
      return launch(device, plain, copy_with_offsets, unwritten.data(), output.data(), 0, 0);
    }
    case Bug::uninitialised_shared:
      return launch(device, plain, read_unwritten_shared, output.data());
    case Bug::missing_warp_barrier:
    case Bug::shuffle_as_barrier:
      return launch(device, plain, exchange_in_warp, input.data(), output.data(), bug);
    case Bug::race_between_blocks:
      return launch(device, plain, write_same_element, output.data());
    case Bug::divergent_barrier:
    case Bug::divergent_places:
    case Bug::divergent_collective:
      return launch(device, plain, diverge, output.data(), bug);
    case Bug::early_copy_read:
    case Bug::copy_without_barrier:
    case Bug::overwritten_copy_source:
      return launch(device, staged, copy_asynchronously, input.data(), output.data(), bug);
    case Bug::atomic_past_memory:
      return launch(device, plain, raise_maximum, output.data(), 4 * count * int{sizeof(float)});
    case Bug::atomic_misaligned:
      return launch(device, plain, raise_maximum, output.data(), 2);
    case Bug::atomic_uninitialised: {
      Memory unwritten(count, false);
      return launch(device, plain, raise_maximum, unwritten.data(), 0);
    }
    case Bug::register_array: {
      const int past = 4;
      Memory index(1);
      check_cuda(cudaMemcpyAsync(index.data(), &past, sizeof past, cudaMemcpyHostToDevice, nullptr), "copy");
      return launch(device, plain, index_past_array, reinterpret_cast<const int*>(index.data()),
                    output.data());
    }
  }
}

}  // namespace

float run_planted(Bug bug) {
  Cuda device = current_cuda_device(nullptr);
  Memory input(4 * count), output(4 * count);
  std::vector<float> values(4 * count);
  std::iota(values.begin(), values.end(), 0.0f);
  const size_t bytes = values.size() * sizeof(float);
  check_cuda(cudaMemcpyAsync(input.data(), values.data(), bytes, cudaMemcpyHostToDevice, nullptr), "copy");
  launch_planted(device, bug, input, output);
  check_cuda(cudaMemcpyAsync(values.data(), output.data(), bytes, cudaMemcpyDeviceToHost, nullptr), "copy");
  return std::accumulate(values.begin(), values.end(), 0.0f);
}

}  // namespace cloze::testing
