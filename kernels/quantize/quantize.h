#pragma once

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

// Values in FP8 for matrix products, in the two arrangements that products read: a matrix library multiplies
// FP8 along rows only, so what a gradient needs along columns is written transposed at the same time.
namespace cloze {

// Products in FP8 need whole groups of 16 bytes along rows.
constexpr int64_t float8_group = 16;
constexpr int64_t padded_to_float8_groups(int64_t count) {
  return (count + float8_group - 1) / float8_group * float8_group;
}

// rounded = input * scale, rounded to FP8; amax = max(amax, |input|) over what is finite in live rows.
// What is not finite becomes a NaN. Both outputs are of one format.
struct Quantize {
  Tensor input;         // [rows, columns] f32; on a GPU also bf16, columns a multiple of 8; live rows count
  Tensor scale;         // [1, 1], a power of two
  Tensor amax;          // [1, 1] f32, in place
  Tensor rounded = {};  // [rows, columns] or none; what lies past the live rows is unspecified
  Tensor transposed = {};  // [columns, padded_to_float8_groups(rows)] or none; zeros for rows not live
};

void quantize(Reference&, const Quantize&);
void quantize(Cpu&, const Quantize&);
void quantize(Cuda&, const Quantize&);

// body(Float8{}) for the format that `op` rounds to.
template <typename Body>
void with_float8_type(const Quantize& op, Body body) {
  const DType format = op.rounded ? op.rounded.dtype : op.transposed.dtype;
  if (format == DType::f8_e5m2)
    body(Float8E5M2{});
  else
    body(Float8E4M3{});
}

}  // namespace cloze
