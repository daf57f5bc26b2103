#include "engine/ops/shape_rules.h"

#include <fmt/core.h>

namespace cloze {

std::string describe(const DropoutSite& site) {
  return site.active() ? fmt::format("dropout={} site={}", site.probability, site.site) : "";
}

}  // namespace cloze
