// Answers for GpuTrace in a build without CUPTI.
#include "kernels/common/gpu_trace.h"

namespace cloze {

class GpuTrace::Collector {};

GpuTrace::GpuTrace() {
  throw CudaError(
      "this program was built without CUPTI, which times what lies inside a CUDA graph: build it where the "
      "CUDA "
      "toolkit is found, version 13 or later with its CUPTI, or profile launch by launch");
}
GpuTrace::~GpuTrace() = default;
std::vector<GpuActivity> GpuTrace::take() {
  return {};
}

}  // namespace cloze
