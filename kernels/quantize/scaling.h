#pragma once

#include "kernels/common/device.h"
#include "kernels/common/float8.h"
#include "kernels/common/tensor.h"

// What FP8 values of a tensor are multiplied by: delayed scaling, from the largest magnitudes of the steps
// before (Micikevicius et al. 2022, section 3; the largest of a window, as NVIDIA's Transformer Engine
// takes it). Scales are powers of two, so that scaling itself rounds nothing.
namespace cloze {

// One row per scaled tensor, of f32 (f64 on the reference), kept from step to step.
namespace scaling_columns {
constexpr int limit = 0;    // the largest number of the format; never changes
constexpr int scale = 1;    // stored value = round(value * scale)
constexpr int inverse = 2;  // 1 / scale
constexpr int amax = 3;     // largest finite magnitude of this step so far
constexpr int history = 4;  // those of the last steps, the latest last
constexpr int history_steps = 16;
constexpr int count = history + history_steps;
}  // namespace scaling_columns

// maxima[1, tensors] = the column `amax` of scaling[tensors, scaling_columns::count]
struct CollectMaxima {
  Tensor scaling;
  Tensor maxima;
};

// At the end of a step: appends the largest of all processes to the history, sets the scale by the largest of
// the history (where all of it is zero it stays), and amax to zero.
struct UpdateScaling {
  Tensor scaling;  // [tensors, scaling_columns::count], in place
  Tensor maxima;   // [processes, tensors]
};

// The largest power of two by which `largest` stays within `limit`, from 2^-60 to 2^60.
CLOZE_HOST_DEVICE inline float scale_for(float largest, float limit) {
  constexpr uint32_t exponent = 0x7F800000u, low = (127u - 60u) << 23, high = (127u + 60u) << 23;
  const uint32_t power = float8::bits_of(limit / largest) & exponent;  // a quotient of 0 or infinity too
  return float8::float_of(power < low ? low : power > high ? high : power);
}

// What UpdateScaling does to one row.
template <typename Real>
CLOZE_HOST_DEVICE void update_scaling_row(Real* row, float amax) {
  using namespace scaling_columns;
  float largest = amax;
  for (int step = 0; step + 1 < history_steps; ++step) {
    row[history + step] = row[history + step + 1];
    const auto before = static_cast<float>(row[history + step]);
    largest = before > largest ? before : largest;
  }
  row[history + history_steps - 1] = static_cast<Real>(amax);
  row[scaling_columns::amax] = 0;
  if (!(largest > 0)) return;
  const float power = scale_for(largest, static_cast<float>(row[limit]));
  row[scale] = static_cast<Real>(power);
  row[inverse] = static_cast<Real>(1.0f / power);
}

void collect_maxima(Reference&, const CollectMaxima&);
void collect_maxima(Cpu&, const CollectMaxima&);
void collect_maxima(Cuda&, const CollectMaxima&);
void update_scaling(Reference&, const UpdateScaling&);
void update_scaling(Cpu&, const UpdateScaling&);
void update_scaling(Cuda&, const UpdateScaling&);

}  // namespace cloze
