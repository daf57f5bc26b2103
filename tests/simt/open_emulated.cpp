// The emulator's device for programs that run on Cuda.
#include <unistd.h>

#include <string>

#include "kernels/common/cuda_stream.h"
#include "kernels/linear/open_cuda.h"
#include "tests/simt/emulated_attention.h"
#include "tests/simt/reference_matmul.h"

namespace cloze {
namespace {

class OpenEmulated final : public OpenCuda {
 public:
  OpenEmulated() : device_(current_cuda_device(stream_.get())) { device_.matmul = &matmul_; }
  Cuda& device() override { return device_; }
  void finish() override { stream_.wait(); }
  void compute_attention_by_cudnn() override {
    attention_ = simt::make_emulated_attention();
    device_.attention = attention_.get();
  }
  const std::string& name() const override { return name_; }

 private:
  const std::string name_ = "emulated GPU of process " + std::to_string(::getpid());
  CudaStream stream_;
  Cuda device_;
  simt::ReferenceMatmul matmul_;
  std::unique_ptr<AttentionLibrary> attention_;  // or none
};

}  // namespace

int visible_gpus() {
  return 1;
}

std::unique_ptr<OpenCuda> open_cuda(const OpenCudaOptions&) {
  return std::make_unique<OpenEmulated>();
}

}  // namespace cloze
