#pragma once

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

namespace cloze {

// output[i] = input[index[i]]; f32 (f64) and i32 rows.
struct GatherRows {
  Tensor input;   // [source rows, columns]
  Tensor index;   // i32 [rows, 1]: distinct source rows; its live rows count
  Tensor output;  // [rows, columns]
};

// output[index[i]] (=, +=) input[i]. In overwrite mode the other live rows of output become zero.
struct ScatterRows {
  Tensor input;   // [rows, columns]
  Tensor index;   // i32 [rows, 1]: distinct target rows; its live rows count
  Tensor output;  // [target rows, columns]; its own live rows count for the zeros
  GradientMode mode = GradientMode::overwrite;
};

void gather_rows(Reference&, const GatherRows&);
void gather_rows(Cpu&, const GatherRows&);
void gather_rows(Cuda&, const GatherRows&);
void scatter_rows(Reference&, const ScatterRows&);
void scatter_rows(Cpu&, const ScatterRows&);
void scatter_rows(Cuda&, const ScatterRows&);

}  // namespace cloze
