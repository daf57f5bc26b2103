#pragma once

#include <cstdint>
#include <stdexcept>

struct CUstream_st;  // the toolkit's cudaStream_t is a pointer to it

namespace cloze {

class AttentionLibrary;
class MatmulLibrary;

// One GPU, as kernels see it. Every kernel of a Cuda runs on its stream, in the order of the calls; a call
// returns before its kernel has run. Tensors of a Cuda lie in its memory, `live` counts included, and hold
// f32 or bf16; sums are f32. Kernels allocate nothing and wait for nothing, so calls can be captured.
struct Cuda {
  CUstream_st* stream = nullptr;
  int multiprocessors = 1;
  int compute_capability = 80;       // 10 * major + minor
  int64_t shared_bytes = 48 * 1024;  // the most dynamic shared memory of a block
  MatmulLibrary* matmul = nullptr;   // of linear_* (kernels/linear/matmul_library.h)
  // Of attention in bf16 (kernels/attention/attention_library.h); none: our kernels.
  AttentionLibrary* attention = nullptr;
};

// What a call of the CUDA runtime or one of its libraries reports, or a tensor that a CUDA kernel cannot
// take.
class CudaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// There is not enough memory on the GPU.
class CudaOutOfMemory : public CudaError {
 public:
  CudaOutOfMemory(int64_t asked, int64_t free, int64_t total);
  const int64_t asked, free, total;  // bytes
};

// The current device of this thread, on `stream`; throws CudaError where there is none.
Cuda current_cuda_device(CUstream_st* stream);

// Were the kernels of this program compiled for the current device?
bool kernels_fit_device();

}  // namespace cloze
