#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/common/bfloat16.h"

// Tensor cores through PTX (sm_80 and later): matrix multiply of a warp on fragments in registers, and loads
// of fragments from shared memory. All 32 lanes call together.
//
// Lane l, with g = l / 4 and t = l % 4, holds of the products D [16, 8] += A [16, 16] · B [16, 8]:
//   sum[4]  D at (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
//   a[4]    pairs of A at (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8)
//   b[2]    pairs down column g of B, at rows 2t and 2t + 8
namespace cloze {

__device__ inline void multiply_fragments(float (&sum)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(__CUDACC__)
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  simt::mma_m16n8k16_bf16(sum, a, b, {__FILE__, __LINE__});
#endif
}

// Four 8x8 matrices; `row`: where in shared memory the row lies that this lane points to, row l % 8 of matrix
// l / 8, 16 bytes. Register m gets (row l / 4, elements 2t and 2t + 1) of matrix m.
__device__ inline void load_fragments(uint32_t (&registers)[4], const BFloat16* row) {
#if defined(__CUDACC__)
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(address)
               : "memory");
#else
  simt::load_matrices(registers, 4, false, row, {__FILE__, __LINE__});
#endif
}

// The same of the matrices transposed: register m gets (rows 2t and 2t + 1, element l / 4) of matrix m.
__device__ inline void load_fragments_transposed(uint32_t (&registers)[4], const BFloat16* row) {
#if defined(__CUDACC__)
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
               : "r"(address)
               : "memory");
#else
  simt::load_matrices(registers, 4, true, row, {__FILE__, __LINE__});
#endif
}

}  // namespace cloze
