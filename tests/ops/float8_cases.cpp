#include "tests/ops/float8_cases.h"

#include "engine/ops/all.h"
#include "engine/passes/passes.h"

namespace cloze::testing {
namespace {

// Numbers that FP8 holds: rounding to it changes nothing.
template <typename Float8>
void round_to_float8(std::vector<float>& values) {
  for (float& value : values) value = to_float(to_float8<Float8>(value));
}

}  // namespace

Build linear_of_float8(bool in_float8) {
  return [=](OpGraph& g) {
    const ValueId weight = g.parameter(32, 16);  // at the beginning of the flat buffer
    round_to_float8<Float8E4M3>(g.parameters.back().values);
    const ValueId x = g.rows_of_parameter(70, 16);
    round_to_float8<Float8E4M3>(g.parameters.back().values);
    g.live(Axis::tokens, 66);
    g.output(linear(g.graph, x, weight, g.parameter(1, 32)));
    round_to_float8<Float8E5M2>(g.real_inputs.back().second);  // the gradient of the output
    if (!in_float8) return;
    ParameterLayout layout;
    layout.add("weight", 32, 16);
    const PassOptions options{.target = {.precision = Precision::fp8_products},
                              .scaling = {layout, {"weight"}}};
    g.state = options.scaling.state();
    g.then([=](Graph& graph) {
      quantize_products(graph, options);
      update_scaling(graph, options);
    });
  };
}

Build quantized_gelu(bool where_made) {
  return [=](OpGraph& g) {
    const ValueId inner = g.parameter(32, 16), outer = g.parameter(16, 32);
    const ValueId x = g.rows_of_parameter(70, 16);
    g.live(Axis::tokens, 66);
    const ValueId z = linear(g.graph, x, inner);
    const ValueId y =
        g.graph.add(std::make_shared<ActivationOp>(Activation::gelu_tanh), {z, g.parameter(1, 32)})[0];
    g.output(linear(g.graph, y, outer));
    ParameterLayout layout;
    layout.add("inner", 32, 16);
    layout.add("outer", 16, 32);
    const PassOptions options{.target = {.precision = where_made ? Precision::fp8 : Precision::fp8_products},
                              .scaling = {layout, {"inner", "outer"}}};
    g.state = options.scaling.state();
    g.then([=](Graph& graph) {
      quantize_products(graph, options);
      quantize_where_made(graph, options);
      update_scaling(graph, options);
    });
  };
}

}  // namespace cloze::testing
