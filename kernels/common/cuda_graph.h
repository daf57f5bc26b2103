#pragma once

#include <functional>

#include "kernels/common/cuda.h"

struct CUgraphExec_st;  // the toolkit's cudaGraphExec_t is a pointer to it

namespace cloze {

// Kernel launches recorded once and replayed with one call. Their arguments are those of the recording: what
// changes from step to step must lie in device memory.
class CudaGraph {
 public:
  CudaGraph() = default;
  ~CudaGraph() { reset(); }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  bool recorded() const { return executable_ != nullptr; }
  // Calls `launches`, which run nothing now. Throws CudaError where the runtime cannot record them.
  void record(Cuda& device, const std::function<void()>& launches);
  void replay(Cuda& device);
  void reset() noexcept;

 private:
  CUgraphExec_st* executable_ = nullptr;
};

}  // namespace cloze
