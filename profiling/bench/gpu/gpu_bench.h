#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "kernels/linear/open_cuda.h"
#include "profiling/bench/gpu/gpu_tensor.h"
#include "profiling/bench/gpu/watched_products.h"

// Timing on a GPU. Every figure is a line of JSON on standard output: what was done ("key", the same for all
// that do it), by whom, milliseconds of one call (the median of the batches), and where it is known the
// useful FLOPs and the bytes that must be moved.
namespace cloze::bench {

struct Work {
  double flops = 0, bytes = 0;
  std::string by = "cloze";        // what does it, where there are several: "cloze, cuDNN"
  std::optional<bool> fused = {};  // did the library have a product with this epilogue?
};

// The GPU answers nothing any more: of a process that met a fault, no later figure is worth anything.
class GpuLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class GpuBench {
 public:
  enum class Mode : uint8_t {
    rates,
    once,  // for Nsight Compute: each body once between cudaProfilerStart and cudaProfilerStop
  };
  explicit GpuBench(Mode mode);
  Cuda& device() { return device_; }
  Mode mode() const { return mode_; }

  // Times `body`, which only submits work, and prints a line. What goes wrong is printed as a line too.
  void measure(const std::string& part, const std::string& key, const Work& work,
               const std::function<void()>& body);
  // Runs `action`, which makes tensors and measures; its CudaError costs no later figure. Throws GpuLost.
  void attempt(const std::string& part, const std::string& key, const std::function<void()>& action);
  // Does the library have the product with the epilogue that `body` asks it for?
  bool fuses(const std::function<void()>& body);

  int failures() const { return failures_; }

 private:
  void rate(const std::string& part, const std::string& key, const Work& work,
            const std::function<void()>& body);
  void profile(const std::function<void()>& body);

  Mode mode_;
  std::unique_ptr<OpenCuda> opened_;
  WatchedProducts products_;
  Cuda device_;
  int failures_ = 0;
};

// The parts, each a list of measurements.
void measure_copy(GpuBench& bench);       // the yardstick of all shares
void measure_products(GpuBench& bench);   // of the layers, with epilogues and without
void measure_rows(GpuBench& bench);       // layer norm, activation, cross-entropy
void measure_tables(GpuBench& bench);     // embedding, optimizers
void measure_quantize(GpuBench& bench);   // rounding to FP8
void measure_float8(GpuBench& bench);     // products of the layers in FP8; nothing on an older GPU
void measure_attention(GpuBench& bench);  // lengths of 128 and 512

}  // namespace cloze::bench
