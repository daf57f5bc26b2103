#pragma once

#include <cstdint>

#include "kernels/common/cuda.h"

// Memory of a GPU and copies to and from it, on the device's stream. All throw CudaError.
namespace cloze {

void* cuda_allocate(int64_t bytes);  // throws CudaOutOfMemory where there is not enough
void cuda_free(void* memory) noexcept;
void cuda_clear(Cuda& device, void* memory, int64_t bytes);
void cuda_copy_within(Cuda& device, void* target, const void* source, int64_t bytes);
// These two wait for all that was given to the stream before.
void cuda_copy_in(Cuda& device, void* target, const void* source, int64_t bytes);
void cuda_copy_out(Cuda& device, void* target, const void* source, int64_t bytes);

}  // namespace cloze
