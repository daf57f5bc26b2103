#pragma once

#include <string>
#include <vector>

#include "engine/graph/parameters.h"
#include "engine/graph/state.h"

namespace cloze {

// The tensors of a dense layer's products, each with a scale of its own.
enum class ScaledTensor : uint8_t { input, weight, output_gradient };
constexpr int64_t scaled_tensors = 3;

// Which matrices are multiplied in FP8, and where the state values lie that scale their products: rows of one
// matrix of scaling_columns (kernels/quantize/scaling.h).
class Float8Scaling {
 public:
  Float8Scaling() = default;  // none
  // `matrices`: names of the parameters; of stacked ones the first, whose matrix all of them are. Throws
  // Error for one whose sizes are no multiples of 16, which products in FP8 need.
  Float8Scaling(const ParameterLayout& layout, const std::vector<std::string>& matrices);

  const StateLayout& state() const { return state_; }
  int64_t tensors() const { return static_cast<int64_t>(matrices_.size()) * scaled_tensors; }
  // The first of the three rows of the matrix that an element of the flat parameters belongs to; -1: it is
  // not multiplied in FP8.
  int64_t row_of(int64_t element) const;
  static DType format_of(ScaledTensor tensor) {
    return tensor == ScaledTensor::output_gradient ? DType::f8_e5m2 : DType::f8_e4m3;
  }

 private:
  struct Matrix {
    int64_t begin = 0, end = 0;  // elements of the flat parameters
  };
  std::vector<Matrix> matrices_;  // by `begin`
  StateLayout state_;
};

}  // namespace cloze
