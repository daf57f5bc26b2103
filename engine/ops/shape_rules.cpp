#include "engine/ops/shape_rules.h"

#include <fmt/core.h>

#include <algorithm>

namespace cloze {

GradientMode common_mode(const Operands& operands, std::initializer_list<int> outputs) {
  const auto mode = [&](int output) { return operands.modes[static_cast<size_t>(output)]; };
  const GradientMode first = mode(*outputs.begin());
  if (!std::all_of(outputs.begin(), outputs.end(), [&](int output) { return mode(output) == first; })) {
    throw Error({.what = "the graph is inconsistent (an internal error)",
                 .why = "gradients that one kernel writes are partly added, partly overwritten"});
  }
  return first;
}

std::string describe(const DropoutSite& site) {
  return site.active() ? fmt::format("dropout={} site={}", site.probability, site.site) : "";
}

}  // namespace cloze
