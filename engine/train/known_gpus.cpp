#include "engine/train/known_gpus.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr std::array<Gpu, 6> gpus{{{"l4", 121e12, 24e9, 300e9, "pcie4"},
                                   {"a100-40", 312e12, 40e9, 1555e9, "nvlink3"},
                                   {"a100-80", 312e12, 80e9, 2039e9, "nvlink3"},
                                   {"h100", 989e12, 80e9, 3350e9, "nvlink4"},
                                   {"h200", 989e12, 141e9, 4800e9, "nvlink4"},
                                   {"l40s", 362e12, 48e9, 864e9, "pcie4"}}};

}  // namespace

const Gpu& find_gpu(const std::string& name) {
  const auto* found =
      std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return name == gpu.name; });
  if (found != gpus.end()) return *found;
  throw UsageError({.what = "`" + name + "` is no GPU that Cloze knows",
                    .where = "--gpu",
                    .remedy = "one of " + known_gpus()});
}

std::string known_gpus() {
  std::string names;
  for (const Gpu& gpu : gpus) names += (names.empty() ? "" : ", ") + std::string(gpu.name);
  return names;
}

}  // namespace cloze
