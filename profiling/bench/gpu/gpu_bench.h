#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kernels/common/tensor.h"
#include "kernels/linear/open_cuda.h"

// Timing on a GPU. Every figure is a line of JSON on standard output: what was done, milliseconds (the median
// of the runs), and where it is known the useful FLOPs and the bytes that must be moved.
namespace cloze::bench {

// Memory of the GPU, of bf16 or f32 ones, or of integers counting up modulo `bound`.
class GpuTensor {
 public:
  GpuTensor(Cuda& device, DType dtype, int64_t rows, int64_t columns, int32_t bound = 0);
  const Tensor& tensor() const { return tensor_; }
  operator Tensor() const { return tensor_; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Free> memory_;
  Tensor tensor_;
};

struct Work {
  double flops = 0, bytes = 0;
};

class GpuBench {
 public:
  GpuBench();
  Cuda& device() { return opened_->device(); }

  // Runs `body` until a quarter of a second has passed, after three runs to warm up, and prints a line.
  void measure(const std::string& part, const std::string& name, const Work& work,
               const std::function<void()>& body);

 private:
  std::unique_ptr<OpenCuda> opened_;
};

// The parts, each a list of measurements.
void measure_ceilings(GpuBench& bench);   // copy, products of the layers, with epilogues and without
void measure_rows(GpuBench& bench);       // layer norm, activation, embedding, cross-entropy, optimizer
void measure_attention(GpuBench& bench);  // lengths of 128 and 512
void measure_steps();                     // whole training steps of BERT-base in bf16

}  // namespace cloze::bench
