#include "profiling/bench/gpu/gpu_bench.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "kernels/common/cast_rows.h"
#include "kernels/common/cuda_memory.h"

namespace cloze::bench {
namespace {

void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw CudaError(std::string(call) + ": " + cudaGetErrorString(error));
}

class Clock {
 public:
  explicit Clock(cudaStream_t stream) : stream_(stream) {
    check(cudaEventCreate(&begin_), "cudaEventCreate");
    check(cudaEventCreate(&end_), "cudaEventCreate");
  }
  ~Clock() {
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
  }
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  double milliseconds(const std::function<void()>& body) {
    check(cudaEventRecord(begin_, stream_), "cudaEventRecord");
    body();
    check(cudaEventRecord(end_, stream_), "cudaEventRecord");
    check(cudaEventSynchronize(end_), "cudaEventSynchronize");
    float passed = 0;
    check(cudaEventElapsedTime(&passed, begin_, end_), "cudaEventElapsedTime");
    return passed;
  }

 private:
  cudaStream_t stream_;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

std::vector<char> contents(DType dtype, int64_t count, int32_t bound) {
  std::vector<char> bytes(static_cast<size_t>(count) * size_of(dtype));
  for (int64_t i = 0; i < count; ++i) {
    if (dtype == DType::i32) {
      reinterpret_cast<int32_t*>(bytes.data())[i] = bound > 0 ? static_cast<int32_t>(i % bound) : 0;
    } else {
      const double value = static_cast<double>(i % 17) / 16 - 0.5;
      if (dtype == DType::bf16)
        reinterpret_cast<BFloat16*>(bytes.data())[i] = narrowed<BFloat16>(value);
      else
        reinterpret_cast<float*>(bytes.data())[i] = static_cast<float>(value);
    }
  }
  return bytes;
}

}  // namespace

void GpuTensor::Free::operator()(void* memory) const {
  cuda_free(memory);
}

GpuTensor::GpuTensor(Cuda& device, DType dtype, int64_t rows, int64_t columns, int32_t bound)
    : memory_(cuda_allocate(rows * columns * static_cast<int64_t>(size_of(dtype)))),
      tensor_{memory_.get(), dtype, rows, columns, columns, nullptr} {
  const std::vector<char> bytes = contents(dtype, rows * columns, bound);
  cuda_copy_in(device, memory_.get(), bytes.data(), static_cast<int64_t>(bytes.size()));
}

GpuBench::GpuBench() : opened_(open_cuda({})) {}

void GpuBench::measure(const std::string& part, const std::string& name, const Work& work,
                       const std::function<void()>& body) {
  constexpr double enough = 250;  // milliseconds
  Clock clock(device().stream);
  for (int i = 0; i < 3; ++i) body();
  std::vector<double> times;
  double total = 0;
  while (total < enough || times.size() < 5) {
    times.push_back(clock.milliseconds(body));
    total += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  nlohmann::ordered_json line = {
      {"part", part}, {"name", name}, {"milliseconds", times[times.size() / 2]}, {"runs", times.size()}};
  const double seconds = times[times.size() / 2] * 1e-3;
  if (work.flops > 0) line["flops_per_second"] = work.flops / seconds;
  if (work.bytes > 0) line["bytes_per_second"] = work.bytes / seconds;
  std::cout << line.dump() << std::endl;
}

}  // namespace cloze::bench
