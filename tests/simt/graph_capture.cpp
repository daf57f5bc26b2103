// Stream capture and CUDA graphs: a graph is the list of what was launched while its stream was captured.
#include <cuda_runtime.h>

#include <functional>
#include <vector>

#include "tests/simt/simt.h"

struct CUgraph_st {
  std::vector<std::function<void()>> work;
};
struct CUgraphExec_st {
  std::vector<std::function<void()>> work;
};

namespace cloze::simt {
namespace {

CUgraph_st* captured = nullptr;
uint64_t replays = 0;

}  // namespace

bool capturing() {
  return captured != nullptr;
}
uint64_t replay_count() {
  return replays;
}
void run_or_record(const std::function<void()>& work) {
  if (captured != nullptr)
    captured->work.push_back(work);
  else
    work();
}

}  // namespace cloze::simt

using cloze::simt::captured;

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  if (captured != nullptr) return cudaErrorInvalidValue;
  captured = new CUgraph_st;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  if (captured == nullptr) return cudaErrorInvalidValue;
  *graph = captured;
  captured = nullptr;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t) {
  if (captured != nullptr) return cudaErrorInvalidValue;
  ++cloze::simt::replays;
  for (const auto& work : executable->work) work();
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
