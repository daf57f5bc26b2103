#include "kernels/linear/linear_gelu.h"

#include "kernels/linear/linear_parts.h"

namespace cloze {

void linear_gelu(Reference& device, const LinearGelu& op) {
  linear_gelu_in_parts(device, op);
}
void linear_gelu(Cpu& device, const LinearGelu& op) {
  linear_gelu_in_parts(device, op);
}
void linear_gelu_gradient(Reference& device, const LinearGeluGradient& op) {
  linear_gelu_gradient_in_parts(device, op);
}
void linear_gelu_gradient(Cpu& device, const LinearGeluGradient& op) {
  linear_gelu_gradient_in_parts(device, op);
}

}  // namespace cloze
