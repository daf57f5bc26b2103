#include "engine/ops/float8_scaling.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "kernels/quantize/quantize.h"
#include "kernels/quantize/scaling.h"

namespace cloze {
namespace {

struct Start {
  const char* name;
  float limit, scale;
};
// A run begins without maxima. Activations and weights of BERT stay below 56 and 7; e5m2 holds gradients of
// mean losses from 1e-9 to 1 when they are multiplied by 2^15.
constexpr std::array<Start, scaled_tensors> starts = {
    {{"input", Float8Format<Float8E4M3>::largest, 8},
     {"weight", Float8Format<Float8E4M3>::largest, 64},
     {"output_gradient", Float8Format<Float8E5M2>::largest, 32768}}};

std::vector<float> initial_row(const Start& start) {
  std::vector<float> row(scaling_columns::count);
  row[scaling_columns::limit] = start.limit;
  row[scaling_columns::scale] = start.scale;
  row[scaling_columns::inverse] = 1 / start.scale;
  return row;
}

void require_groups_of_16(const Parameter& parameter) {
  if (parameter.rows % float8_group == 0 && parameter.columns % float8_group == 0) return;
  throw Error({.what = fmt::format("a matrix of {} x {} cannot be multiplied in FP8", parameter.rows,
                                   parameter.columns),
               .where = parameter.name,
               .why = "hidden and intermediate sizes must be multiples of 16 for it",
               .remedy = "precision: bf16"});
}

}  // namespace

Float8Scaling::Float8Scaling(const ParameterLayout& layout, const std::vector<std::string>& matrices) {
  const std::vector<Parameter>& all = layout.parameters();
  for (auto parameter = all.begin(); parameter != all.end(); ++parameter) {
    if (std::find(matrices.begin(), matrices.end(), parameter->name) == matrices.end()) continue;
    require_groups_of_16(*parameter);
    int64_t end = parameter->offset + parameter->elements();
    for (auto next = parameter + 1; next != all.end() && next->stacked; ++next) end += next->elements();
    matrices_.push_back({parameter->offset, end});
    for (const Start& start : starts)
      state_.add(fmt::format("{}/{}", parameter->name, start.name), initial_row(start));
  }
}

int64_t Float8Scaling::row_of(int64_t element) const {
  for (size_t i = 0; i < matrices_.size(); ++i)
    if (matrices_[i].begin <= element && element < matrices_[i].end)
      return static_cast<int64_t>(i) * scaled_tensors;
  return -1;
}

}  // namespace cloze
