#pragma once

#include <cstdint>

#include "kernels/common/column_sum.h"
#include "kernels/common/device.h"
#include "kernels/common/dropout.h"
#include "kernels/common/tensor.h"

namespace cloze {

// output = left + right; output may be the same memory as either.
struct Add {
  Tensor left, right, output;  // [rows, columns]; left's live rows count
};

// output = input + bias
struct AddBias {
  Tensor input;   // [rows, columns]; its live rows count
  Tensor bias;    // [1, columns]
  Tensor output;  // may be the same memory as input
};

// output = input in output's type: f32 and bf16 in any pairing (f64 too on the reference).
struct Cast {
  Tensor input;   // [rows, columns]; its live rows count
  Tensor output;  // [rows, columns]; other memory than input
};

// output = dropout(input), the mask as stated in kernels/common/dropout.h; applied to a gradient it is its
// own backward.
struct DropoutApply {
  Tensor input;  // [rows, columns]; its live rows count
  Dropout dropout;
  Tensor output;  // may be the same memory as input
};

// sums[1, columns] (=, +=) column sums of input over live rows, in two stages over chunks of
// column_sum_chunk_rows rows.
struct ColumnSum {
  Tensor input;  // [rows, columns]; its live rows count
  Tensor sums;   // [1, columns]
  GradientMode mode = GradientMode::overwrite;
  Tensor workspace;  // column_sum_workspace(rows, columns) elements
};

void add(Reference&, const Add&);
void add(Cpu&, const Add&);
void add(Cuda&, const Add&);
void add_bias(Reference&, const AddBias&);
void add_bias(Cpu&, const AddBias&);
void add_bias(Cuda&, const AddBias&);
void cast(Reference&, const Cast&);
void cast(Cpu&, const Cast&);
void cast(Cuda&, const Cast&);
// The same of flat memory, [1, count] without gaps: as rows, of which a kernel takes many at a time.
template <class Device>
void cast_flat(Device& device, const Tensor& input, const Tensor& output) {
  constexpr int64_t width = 1024;
  const auto rows = [](const Tensor& flat, int64_t begin, int64_t count, int64_t columns) {
    Tensor part = flat;
    part.data = static_cast<std::byte*>(flat.data) + begin * static_cast<int64_t>(size_of(flat.dtype));
    part.rows = count;
    part.columns = part.stride = columns;
    return part;
  };
  const int64_t whole = input.columns / width, end = whole * width, rest = input.columns - end;
  if (whole > 0) cast(device, {rows(input, 0, whole, width), rows(output, 0, whole, width)});
  if (rest > 0) cast(device, {rows(input, end, 1, rest), rows(output, end, 1, rest)});
}
void dropout_apply(Reference&, const DropoutApply&);
void dropout_apply(Cpu&, const DropoutApply&);
void dropout_apply(Cuda&, const DropoutApply&);
void column_sum(Reference&, const ColumnSum&);
void column_sum(Cpu&, const ColumnSum&);
void column_sum(Cuda&, const ColumnSum&);

}  // namespace cloze
