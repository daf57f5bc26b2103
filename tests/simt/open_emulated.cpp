// The emulator's device for programs that run on Cuda.
#include "kernels/common/cuda_stream.h"
#include "kernels/linear/open_cuda.h"
#include "tests/simt/reference_matmul.h"

namespace cloze {
namespace {

class OpenEmulated final : public OpenCuda {
 public:
  OpenEmulated() : device_(current_cuda_device(stream_.get())) { device_.matmul = &matmul_; }
  Cuda& device() override { return device_; }

 private:
  CudaStream stream_;
  Cuda device_;
  simt::ReferenceMatmul matmul_;
};

}  // namespace

std::unique_ptr<OpenCuda> open_cuda(const OpenCudaOptions&) {
  return std::make_unique<OpenEmulated>();
}

}  // namespace cloze
