#include <vector>

#include "kernels/common/reference.h"
#include "kernels/quantize/quantized_activation.h"

namespace cloze {
namespace {

// body(values): of the shape of `like`, in memory for that long.
template <typename Body>
void with_values(const Tensor& like, const Body& body) {
  with_element_type(like, [&]<typename T>(T) {
    std::vector<T> memory(static_cast<size_t>(like.rows * like.columns));
    body(Tensor{memory.data(), DTypeOf<T>::value, like.rows, like.columns, like.columns, like.live});
  });
}

}  // namespace

void quantized_activation(Reference& device, const QuantizedActivation& op) {
  with_values(op.input, [&](const Tensor& values) {
    activation_forward(device, {op.activation, op.input, op.bias, values});
    Quantize output = op.output;
    output.input = values;
    quantize(device, output);
  });
}

void quantized_activation_gradient(Reference& device, const QuantizedActivationGradient& op) {
  with_values(op.output_gradient, [&](const Tensor& values) {
    activation_backward(device, {op.activation, op.input, op.bias, op.output_gradient, values,
                                 op.bias_gradient, op.mode, op.workspace});
    Quantize gradient = op.input_gradient;
    gradient.input = values;
    quantize(device, gradient);
  });
}

}  // namespace cloze
