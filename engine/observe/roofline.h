#pragma once

#include <string>
#include <vector>

#include "engine/observe/profile_rows.h"

namespace cloze {

// A roofline picture (Williams, Waterman, Patterson 2009) as SVG, both axes logarithmic: FLOP per byte
// against FLOP/s; the ceilings min(matmul peak, copy bandwidth * FLOP per byte); a circle per op, its area
// the op's share of the time. Ops that compute nothing are named below. For light and dark screens.
std::string roofline_svg(const std::vector<ProfileRow>& ops, const Ceilings& ceilings,
                         const std::string& title);

}  // namespace cloze
