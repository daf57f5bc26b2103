#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "kernels/common/cuda.h"

namespace cloze {

// What an engine keeps on its device, or asks for.
struct MemoryUse {
  std::string what;
  int64_t bytes = 0;
};

// "not enough memory on the GPU": everything asked for, what is there, and what to change.
Error not_enough_memory(const std::vector<MemoryUse>& uses, const CudaOutOfMemory& error);

}  // namespace cloze
