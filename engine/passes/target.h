#pragma once

#include <cstdint>

#include "engine/graph/precision.h"

namespace cloze {

enum class Architecture : uint8_t { cpu, cuda };

// What the passes may know of the machine: data, not a device, so planning needs no GPU.
struct Target {
  Architecture architecture = Architecture::cpu;
  Precision precision = Precision::full;
  // Does the matmul library add a bias while it writes the output? If not, the bias moves into the op that
  // reads it next.
  bool matmul_adds_bias = false;
  // On a GPU: does it take GELU, its gradient and sums for bias gradients while it writes? Shapes for which
  // it does not are computed in parts.
  bool matmul_epilogues = true;
};

}  // namespace cloze
