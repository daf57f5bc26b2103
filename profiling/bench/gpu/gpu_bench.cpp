#include "profiling/bench/gpu/gpu_bench.h"

#include <cuda_profiler_api.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/runtime/cache_folder.h"
#include "kernels/common/cuda_graph.h"
#include "kernels/common/cuda_stream.h"

namespace cloze::bench {
namespace {

void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw CudaError(std::string(call) + ": " + cudaGetErrorString(error));
}

// Many calls as one submission: the GPU must not wait for the host between them.
class Batch {
 public:
  Batch(Cuda& device, const std::function<void()>& body, int calls)
      : device_(device), body_(body), calls_(calls) {
    try {
      graph_.record(device, [this] { run(); });
    } catch (const CudaError& error) {
      std::cerr << "not recorded: " << error.what() << "\n";
      static_cast<void>(cudaGetLastError());  // or the next launch would report it
    }
  }
  void submit() {
    if (graph_.recorded())
      graph_.replay(device_);
    else
      run();
  }
  bool recorded() const { return graph_.recorded(); }
  // Of the second of two submissions: while the first runs, the host gets ahead.
  double milliseconds() {
    submit();
    begin_.record(device_.stream);
    submit();
    end_.record(device_.stream);
    end_.wait();
    return 1e3 * end_.seconds_since(begin_);
  }

 private:
  void run() {
    for (int call = 0; call < calls_; ++call) body_();
  }
  Cuda& device_;
  const std::function<void()>& body_;
  int calls_;
  CudaGraph graph_;
  CudaTimedEvent begin_, end_;
};

constexpr double busy = 2, enough = 150;  // milliseconds of a batch, of all
constexpr size_t least_batches = 5;

int calls_of_a_batch(Cuda& device, const std::function<void()>& body) {
  constexpr int few = 5, most = 2000;
  const double one = Batch(device, body, few).milliseconds() / few;
  return std::clamp(static_cast<int>(std::ceil(busy / std::max(one, 1e-6))), 1, most);
}

OpenCudaOptions options() {
  return {.matmul_choices_file = matmul_choices_file(),
          .say = [](const std::string& message) { std::cerr << message << "\n"; }};
}

}  // namespace

GpuBench::GpuBench(Mode mode)
    : mode_(mode),
      opened_(open_cuda(options())),
      products_(opened_->device().matmul),
      device_(opened_->device()) {
  device_.matmul = &products_;
}

void GpuBench::measure(const std::string& part, const std::string& key, const Work& work,
                       const std::function<void()>& body) {
  attempt(part, key, [&] { mode_ == Mode::once ? profile(body) : rate(part, key, work, body); });
}

void GpuBench::attempt(const std::string& part, const std::string& key, const std::function<void()>& action) {
  try {
    action();
  } catch (const CudaError& error) {
    ++failures_;
    const nlohmann::ordered_json line = {{"part", part}, {"key", key}, {"failed", error.what()}};
    std::cout << line.dump() << std::endl;
  }
  const cudaError_t state = cudaDeviceSynchronize();
  if (state != cudaSuccess) throw GpuLost(part + ", " + key + ": " + cudaGetErrorString(state));
  static_cast<void>(cudaGetLastError());  // or the next launch would report it
}

bool GpuBench::fuses(const std::function<void()>& body) {
  products_.forget();
  body();
  return !products_.refused();
}

void GpuBench::profile(const std::function<void()>& body) {
  for (int run = 0; run < 2; ++run) body();
  opened_->finish();
  check(cudaProfilerStart(), "cudaProfilerStart");
  body();
  opened_->finish();
  check(cudaProfilerStop(), "cudaProfilerStop");
}

void GpuBench::rate(const std::string& part, const std::string& key, const Work& work,
                    const std::function<void()>& body) {
  for (int run = 0; run < 3; ++run) body();
  opened_->finish();
  const int calls = calls_of_a_batch(device_, body);
  Batch batch(device_, body, calls);
  std::vector<double> times;
  for (double total = 0; total < enough || times.size() < least_batches; total += times.back())
    times.push_back(batch.milliseconds());
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  const double milliseconds = *middle / calls;
  nlohmann::ordered_json line = {{"part", part},
                                 {"key", key},
                                 {"by", work.by},
                                 {"milliseconds", milliseconds},
                                 {"batches", times.size()},
                                 {"calls", calls},
                                 {"graph", batch.recorded()}};
  if (work.flops > 0) line["flops_per_second"] = work.flops / milliseconds * 1e3;
  if (work.bytes > 0) line["bytes_per_second"] = work.bytes / milliseconds * 1e3;
  if (work.fused) line["fused"] = *work.fused;
  std::cout << line.dump() << std::endl;
}

}  // namespace cloze::bench
