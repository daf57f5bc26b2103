#pragma once

#include <initializer_list>
#include <string>

#include "kernels/common/cuda.h"
#include "kernels/common/tensor.h"

// Choices made on the host before a kernel is launched.
namespace cloze {

// body(T{}) for the two types that activations are stored in on a GPU.
template <typename Body>
void with_storage_type(const Tensor& tensor, const char* operation, Body body) {
  if (tensor.dtype == DType::bf16)
    body(BFloat16{});
  else if (tensor.dtype == DType::f32)
    body(float{});
  else
    throw CudaError(std::string(operation) + ": " + name_of(tensor.dtype) +
                    " is no type of a CUDA kernel; f32 and bf16 are");
}

// Can every row of every tensor present be read in groups of eight columns (kernels/common/vector.cuh)?
inline bool holds_groups(std::initializer_list<Tensor> tensors) {
  for (const Tensor& tensor : tensors) {
    if (!tensor) continue;
    const bool aligned = reinterpret_cast<uintptr_t>(tensor.data) % 16 == 0;
    if (!aligned || tensor.columns % 8 != 0 || (tensor.rows > 1 && tensor.stride % 8 != 0)) return false;
  }
  return true;
}

inline void require_groups(const char* operation, std::initializer_list<Tensor> tensors) {
  if (!holds_groups(tensors))
    throw CudaError(
        std::string(operation) +
        ": a CUDA kernel takes hidden sizes and strides that are multiples of 8, and memory aligned "
        "to 16 bytes");
}

}  // namespace cloze
