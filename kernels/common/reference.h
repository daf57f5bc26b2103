#pragma once

#include <cassert>

#include "kernels/common/tensor.h"

namespace cloze {

// Reference kernels are plain loops over an element type: double is the oracle of the tests, float their
// yardstick of what rounding error plain float32 arithmetic makes. body(T{}) with T the element type of
// `tensor`.
template <typename Body>
void with_element_type(const Tensor& tensor, Body body) {
  assert(tensor.dtype == DType::f64 || tensor.dtype == DType::f32);
  if (tensor.dtype == DType::f64)
    body(double{});
  else
    body(float{});
}

}  // namespace cloze
