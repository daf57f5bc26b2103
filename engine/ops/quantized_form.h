#pragma once

#include <string>
#include <vector>

#include "engine/graph/op.h"
#include "kernels/quantize/quantize.h"

namespace cloze {

// Values in FP8 as ops make them: in which format and arrangements. Such an op has the outputs of types(),
// and maybe others after them.
struct QuantizedForm {
  DType format = DType::f8_e4m3;
  bool row_major = true, transposed = true;

  int outputs() const { return 1 + static_cast<int>(row_major) + static_cast<int>(transposed); }
  // The largest magnitude so far, in place of `amax`; then `values` in each arrangement.
  std::vector<ValueType> types(const ValueType& values, const ValueType& scale, const ValueType& amax) const;
  // The kernel's operands but for its input; `scale`: which of the node's inputs that is.
  Quantize kernel(const Operands& operands, size_t scale) const;
  std::string text() const;  // " row_major transposed"
};

}  // namespace cloze
