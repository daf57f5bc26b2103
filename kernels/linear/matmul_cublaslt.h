#pragma once

#include <cstdint>
#include <memory>

#include "kernels/linear/matmul_library.h"

namespace cloze {

// cuBLASLt on `workspace` (device memory, kept by the caller for as long as this lives, of one stream only).
// Which algorithm a shape takes is chosen when it is first seen, before any capture.
std::unique_ptr<MatmulLibrary> make_cublaslt(void* workspace, int64_t workspace_bytes);

}  // namespace cloze
