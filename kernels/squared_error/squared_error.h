#pragma once

#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

namespace cloze {

// The loss of regression: row_loss[i] = (x[i] - target[i])²,  loss = scale · Σ row_loss,
// gradient[i] = 2 · scale · (x[i] - target[i]).
struct SquaredError {
  Tensor x;              // [rows, 1]; its live rows count
  Tensor targets;        // f32 (f64 on the reference) [rows, 1]
  Tensor scale;          // f32 (f64) [1, 1]: 1 / global number of rows
  Tensor loss;           // f32 (f64) [1, 1]: summed in a fixed order
  Tensor row_loss;       // f32 (f64) [rows, 1]
  Tensor gradient = {};  // [rows, 1], or none (evaluation); may be the same memory as x
};

void squared_error(Reference&, const SquaredError&);
void squared_error(Cpu&, const SquaredError&);
void squared_error(Cuda&, const SquaredError&);

}  // namespace cloze
