#pragma once

#include <cassert>
#include <cstdint>

#include "kernels/common/dtype.h"
#include "kernels/common/host_device.h"

namespace cloze {

// A kernel's view of memory it does not own: a row-major matrix [rows, columns], rows `stride` elements
// apart. A vector is a matrix of one row; higher ranks are folded into rows by the caller.
//
// `rows` is a capacity. Where `live` is set, *live (read when the kernel runs, on the device that runs it)
// says how many of them hold data: 0 <= *live <= rows. CPU kernels compute live rows only and leave the
// others unspecified.
struct Tensor {
  void* data = nullptr;
  DType dtype = DType::f32;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t stride = 0;
  const int32_t* live = nullptr;

  CLOZE_HOST_DEVICE explicit operator bool() const { return data != nullptr; }

  template <typename T>
  CLOZE_HOST_DEVICE T* as() const {
    assert(dtype == DTypeOf<T>::value);
    return static_cast<T*>(data);
  }
  template <typename T>
  CLOZE_HOST_DEVICE T* row(int64_t index) const {
    return as<T>() + index * stride;
  }
  // The number of rows to compute now; called on the device that the tensor lies on.
  CLOZE_HOST_DEVICE int64_t live_rows() const { return live != nullptr ? *live : rows; }
};

// How a gradient is written: the graph decides; there is no memset-then-add.
enum class GradientMode : uint8_t { overwrite, accumulate };

}  // namespace cloze
