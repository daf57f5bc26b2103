#include <cuda_runtime.h>
#include <fmt/core.h>

#include "kernels/common/column_sum.h"
#include "kernels/linear/linear_parts.h"
#include "profiling/bench/gpu/gpu_bench.h"

namespace cloze::bench {
namespace {

constexpr int64_t tokens = 32768;

struct Shape {
  int64_t out, in;
};
constexpr Shape base_shapes[] = {{2304, 768}, {768, 768}, {3072, 768}, {768, 3072}},
                large_shapes[] = {{3072, 1024}, {1024, 1024}, {4096, 1024}, {1024, 4096}};

Work work_of(int64_t rows, Shape shape) {
  return {.flops = 2.0 * static_cast<double>(rows) * static_cast<double>(shape.out * shape.in)};
}

// One dense layer with what it may be asked for: all four products of training it.
class Layer {
 public:
  Layer(GpuBench& bench, int64_t rows, Shape shape)
      : bench_(bench),
        device_(bench.device()),
        work_(work_of(rows, shape)),
        name_(fmt::format(" {}x{}x{}", rows, shape.out, shape.in)),
        input_(device_, DType::bf16, rows, shape.in),
        weight_(device_, DType::bf16, shape.out, shape.in, Contents::normals(0.02)),
        bias_(device_, DType::bf16, 1, shape.out),
        output_(device_, DType::bf16, rows, shape.out),
        gradient_(device_, DType::bf16, rows, shape.out),
        input_gradient_(device_, DType::bf16, rows, shape.in),
        weight_gradient_(device_, DType::f32, shape.out, shape.in),
        bias_gradient_(device_, DType::f32, 1, shape.out),
        workspace_(device_, DType::f32, 1, column_sum_workspace(rows, shape.out)) {}

  void forward() {
    measure("linear", [this] { linear_forward(device_, {input_, weight_, {}, output_}); });
  }
  void products() {
    forward();
    fused("linear with bias", [this] { linear_forward(device_, {input_, weight_, bias_, output_}); });
    measure("input gradient", [this] {
      linear_input_gradient(device_, {gradient_, weight_, input_gradient_});
    });
    for (const GradientMode mode : {GradientMode::overwrite, GradientMode::accumulate})
      weight_gradients(mode);
  }

 private:
  void weight_gradients(GradientMode mode) {
    const std::string added = mode == GradientMode::accumulate ? ", added" : "";
    const LinearWeightGradient product{
        .output_gradient = gradient_, .input = input_, .weight_gradient = weight_gradient_, .mode = mode};
    LinearWeightGradient with_bias = product;
    with_bias.bias_gradient = bias_gradient_;
    with_bias.bias_mode = mode;
    with_bias.workspace = workspace_;
    measure("weight gradient" + added, [&] { linear_weight_gradient(device_, product); });
    fused("weight and bias gradient in one" + added, [&] { linear_weight_gradient(device_, with_bias); });
    measure("weight and bias gradient in parts" + added, [&] {
      linear_weight_gradient(device_, product);
      bias_gradient_alone(device_, with_bias);
    });
  }
  void measure(const std::string& key, const std::function<void()>& body) {
    bench_.measure("products", key + name_, work_, body);
  }
  void fused(const std::string& key, const std::function<void()>& body) {
    Work work = work_;
    bench_.attempt("products", key + name_, [&] { work.fused = bench_.fuses(body); });
    bench_.measure("products", key + name_, work, body);
  }

  GpuBench& bench_;
  Cuda& device_;
  Work work_;
  std::string name_;
  GpuTensor input_, weight_, bias_, output_, gradient_, input_gradient_, weight_gradient_, bias_gradient_,
      workspace_;
};

// GELU and its gradient while the library writes a product, beside the kernels that do it otherwise.
void gelu(GpuBench& bench, Shape shape) {
  Cuda& device = bench.device();
  const GpuTensor x(device, DType::bf16, tokens, shape.in),
      inner(device, DType::bf16, shape.out, shape.in, Contents::normals(0.02)),
      bias(device, DType::bf16, 1, shape.out), z(device, DType::bf16, tokens, shape.out),
      y(device, DType::bf16, tokens, shape.out),
      outer(device, DType::bf16, shape.in, shape.out, Contents::normals(0.02));
  const std::string size = fmt::format(" {}x{}x{}", tokens, shape.out, shape.in);
  const auto pair = [&](const std::string& key, const std::function<void()>& in_one,
                        const std::function<void()>& in_parts) {
    Work work = work_of(tokens, shape);
    bench.attempt("products", key + size, [&] { work.fused = bench.fuses(in_one); });
    bench.measure("products", key + " in one" + size, work, in_one);
    bench.measure("products", key + " in parts" + size, work_of(tokens, shape), in_parts);
  };
  const LinearGelu forward{x, inner, bias, z, y}, alone{x, inner, bias, {}, y};
  pair(
      "linear, bias, GELU, sums kept", [&] { linear_gelu(device, forward); },
      [&] { linear_gelu_in_parts(device, forward); });
  pair(
      "linear, bias, GELU", [&] { linear_gelu(device, alone); },
      [&] { linear_gelu_in_parts(device, alone); });
  const LinearGeluGradient gradient{x, outer, z, y};
  pair(
      "input and GELU gradient", [&] { linear_gelu_gradient(device, gradient); },
      [&] { linear_gelu_gradient_in_parts(device, gradient); });
}

void once(GpuBench& bench) {
  bench.attempt("products", "layer", [&] { Layer(bench, tokens, {4096, 1024}).forward(); });
  bench.attempt("products", "GELU", [&] { gelu(bench, {4096, 1024}); });
}

}  // namespace

// A device's own copy of buffers far larger than its cache.
void measure_copy(GpuBench& bench) {
  constexpr int64_t elements = int64_t{1} << 29;
  bench.attempt("ceilings", "copy", [&] {
    const GpuTensor from(bench.device(), DType::f32, 1, elements),
        to(bench.device(), DType::f32, 1, elements);
    bench.measure("ceilings", "copy", {.bytes = 8.0 * elements}, [&] {
      const cudaError_t error =
          cudaMemcpyAsync(to.tensor().data, from.tensor().data, static_cast<size_t>(4 * elements),
                          cudaMemcpyDeviceToDevice, bench.device().stream);
      if (error != cudaSuccess) throw CudaError(std::string("cudaMemcpyAsync: ") + cudaGetErrorString(error));
    });
  });
  bench.attempt("products", "largest", [&] { Layer(bench, 8192, {8192, 8192}).forward(); });
}

void measure_products(GpuBench& bench) {
  if (bench.mode() == GpuBench::Mode::once) return once(bench);
  for (const auto& shapes : {large_shapes, base_shapes})
    for (const Shape& shape : {shapes[0], shapes[1], shapes[2], shapes[3]})
      bench.attempt("products", "layer", [&] { Layer(bench, tokens, shape).products(); });
  for (const Shape& shape : {large_shapes[2], base_shapes[2]})
    bench.attempt("products", "GELU", [&] { gelu(bench, shape); });
  bench.attempt("products", "masked-LM head", [&] {
    Layer(bench, tokens * 15 / 100, {30592, 1024}).products();
  });
}

}  // namespace cloze::bench
