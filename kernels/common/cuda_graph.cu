#include "kernels/common/cuda_graph.h"

#include <cuda_runtime.h>

#include "kernels/common/launch.h"

namespace cloze {

void CudaGraph::record(Cuda& device, const std::function<void()>& launches) {
  reset();
  check_cuda(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeThreadLocal),
             "cudaStreamBeginCapture");
  cudaGraph_t graph = nullptr;
  try {
    launches();
  } catch (...) {
    static_cast<void>(cudaStreamEndCapture(device.stream, &graph));
    if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
    throw;
  }
  check_cuda(cudaStreamEndCapture(device.stream, &graph), "cudaStreamEndCapture");
  const cudaError_t error = cudaGraphInstantiate(&executable_, graph, 0);
  static_cast<void>(cudaGraphDestroy(graph));
  if (error != cudaSuccess) executable_ = nullptr;
  check_cuda(error, "cudaGraphInstantiate");
}

void CudaGraph::replay(Cuda& device) {
  check_cuda(cudaGraphLaunch(executable_, device.stream), "cudaGraphLaunch");
}

void CudaGraph::reset() noexcept {
  if (executable_ != nullptr) static_cast<void>(cudaGraphExecDestroy(executable_));
  executable_ = nullptr;
}

}  // namespace cloze
