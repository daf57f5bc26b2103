#include <fmt/core.h>

#include "kernels/common/column_sum.h"
#include "kernels/linear/scaled_product.h"
#include "kernels/quantize/quantized_activation.h"
#include "profiling/bench/gpu/gpu_bench.h"

// What a run in FP8 does instead of a dense layer's products in bf16: rounding each operand, and the three
// products of what was rounded.
namespace cloze::bench {
namespace {

constexpr int64_t tokens = 32768;

struct Shape {
  int64_t out, in;
};
constexpr Shape large_shapes[] = {{3072, 1024}, {1024, 1024}, {4096, 1024}, {1024, 4096}};

// One operand: as it is, and in FP8 in both arrangements.
class Operand {
 public:
  Operand(Cuda& device, DType format, int64_t rows, int64_t columns, double deviation, float scale)
      : values_(device, DType::bf16, rows, columns, Contents::normals(deviation)),
        scale_(device, std::vector<float>{scale}),
        inverse_(device, std::vector<float>{1 / scale}),
        amax_(device, std::vector<float>{0}),
        rounded_(device, format, rows, columns, Contents::integers(1)),
        transposed_(device, format, columns, padded_to_float8_groups(rows), Contents::integers(1)) {
    round(device);
  }
  void round(Cuda& device) { quantize(device, {values_, scale_, amax_, rounded_, transposed_}); }
  Quantize target() const { return {{}, scale_, amax_, rounded_, transposed_}; }
  double bytes() const { return 4.0 * static_cast<double>(values_.tensor().rows * values_.tensor().columns); }
  Tensor rounded() const { return rounded_; }
  Tensor transposed() const { return transposed_; }
  Tensor inverse() const { return inverse_; }

 private:
  GpuTensor values_, scale_, inverse_, amax_, rounded_, transposed_;
};

class Layer {
 public:
  Layer(GpuBench& bench, Shape shape)
      : bench_(bench),
        device_(bench.device()),
        work_{.flops = 2.0 * static_cast<double>(tokens * shape.out * shape.in)},
        name_(fmt::format(" {}x{}x{}", tokens, shape.out, shape.in)),
        input_(device_, DType::f8_e4m3, tokens, shape.in, 1, 64),
        weight_(device_, DType::f8_e4m3, shape.out, shape.in, 0.02, 4096),
        gradient_(device_, DType::f8_e5m2, tokens, shape.out, 1e-6, 1 << 30),
        bias_(device_, DType::bf16, 1, shape.out),
        output_(device_, DType::bf16, tokens, shape.out),
        input_gradient_(device_, DType::bf16, tokens, shape.in),
        weight_gradient_(device_, DType::f32, shape.out, shape.in) {}

  void products() {
    ScaledProduct forward = forward_product();
    measure("linear in FP8", "cloze, bfloat16 output, fast sums", forward);
    forward.bias = bias_;
    measure("linear in FP8", "cloze, bfloat16 output, fast sums, bias", forward);
    measure("input gradient in FP8", "cloze",
            {.left = gradient_.rounded(),
             .right = weight_.transposed(),
             .left_inverse = gradient_.inverse(),
             .right_inverse = weight_.inverse(),
             .output = input_gradient_});
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate})
      measure("weight gradient in FP8", mode == GradientMode::accumulate ? "cloze, added" : "cloze",
              {.left = gradient_.transposed(),
               .right = input_.transposed(),
               .left_inverse = gradient_.inverse(),
               .right_inverse = input_.inverse(),
               .output = weight_gradient_,
               .mode = mode});
  }
  void forward_once() { measure("linear in FP8", "cloze", forward_product()); }

 private:
  ScaledProduct forward_product() const {
    return {.left = input_.rounded(),
            .right = weight_.rounded(),
            .left_inverse = input_.inverse(),
            .right_inverse = weight_.inverse(),
            .output = output_,
            .quick_sums = true};
  }
  void measure(const std::string& key, const std::string& by, const ScaledProduct& product) {
    Work work = work_;
    work.by = by;
    bench_.measure("fp8", key + name_, work, [&] { scaled_product(device_, product); });
  }

  GpuBench& bench_;
  Cuda& device_;
  Work work_;
  std::string name_;
  Operand input_, weight_, gradient_;
  GpuTensor bias_, output_, input_gradient_, weight_gradient_;
};

// GELU and its gradient rounded as they are made, with the bias gradient.
void gelu_of_float8(GpuBench& bench) {
  constexpr int64_t rows = 65536, columns = 4096;
  Cuda& device = bench.device();
  const GpuTensor input(device, DType::bf16, rows, columns), upper(device, DType::bf16, rows, columns),
      bias(device, DType::bf16, 1, columns), bias_gradient(device, DType::f32, 1, columns),
      workspace(device, DType::f32, 1, column_sum_workspace(rows, columns));
  const Operand forward(device, DType::f8_e4m3, rows, columns, 1, 32),
      backward(device, DType::f8_e5m2, rows, columns, 1, 1024);
  const double elements = static_cast<double>(rows) * columns;
  bench.measure("rows", "bias and gelu forward, in FP8", {.bytes = 4 * elements}, [&] {
    quantized_activation(device, {Activation::gelu_tanh, input, bias, forward.target()});
  });
  bench.measure("rows", "bias and gelu backward, in FP8", {.bytes = 6 * elements}, [&] {
    quantized_activation_gradient(device, {Activation::gelu_tanh, input, bias, upper, backward.target(),
                                           bias_gradient, GradientMode::overwrite, workspace});
  });
}

}  // namespace

void measure_quantize(GpuBench& bench) {
  for (const int64_t columns : {1024, 4096})
    bench.attempt("rows", "quantize", [&] {
      Operand operand(bench.device(), DType::f8_e4m3, 65536, columns, 1, 64);
      bench.measure("rows", fmt::format("rounding to FP8, both arrangements {}", columns),
                    {.bytes = operand.bytes()}, [&] { operand.round(bench.device()); });
    });
  bench.attempt("rows", "bias and gelu, in FP8", [&] { gelu_of_float8(bench); });
}

void measure_float8(GpuBench& bench) {
  if (bench.device().compute_capability < first_capability_of_float8) return;
  if (bench.mode() == GpuBench::Mode::once)
    return bench.attempt("fp8", "layer", [&] { Layer(bench, {4096, 1024}).forward_once(); });
  for (const Shape& shape : large_shapes)
    bench.attempt("fp8", "layer", [&] { Layer(bench, shape).products(); });
}

}  // namespace cloze::bench
