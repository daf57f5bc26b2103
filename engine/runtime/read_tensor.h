#pragma once

#include <algorithm>
#include <span>

#include "kernels/common/cast_rows.h"
#include "kernels/common/tensor.h"

namespace cloze {

// The elements of a tensor of the host without gaps between its rows; as many as both have.
template <typename To>
void read_tensor(const Tensor& tensor, std::span<To> values) {
  const size_t count = std::min(values.size(), static_cast<size_t>(tensor.rows * tensor.columns));
  const auto convert = [&]<typename From>(const From* from) {
    std::transform(from, from + count, values.data(),
                   [](From value) { return static_cast<To>(widened(value)); });
  };
  switch (tensor.dtype) {
    case DType::f32:
      return convert(tensor.as<float>());
    case DType::f64:
      return convert(tensor.as<double>());
    case DType::bf16:
      return convert(tensor.as<BFloat16>());
    case DType::f8_e4m3:
      return convert(tensor.as<Float8E4M3>());
    case DType::f8_e5m2:
      return convert(tensor.as<Float8E5M2>());
    case DType::i32:
    case DType::u8:
      break;
  }
  convert(tensor.as<int32_t>());
}

}  // namespace cloze
