#pragma once

#include "kernels/linear/product.h"

// Products of float32 matrices whose elements are rounded to bf16 (nearest, ties to even) as they are
// multiplied; products and sums are float32. Twice the speed of float32 on a CPU with AVX512-BF16.
namespace cloze {

// Does this CPU multiply bf16 faster than float32 (AVX512-BF16, AMX)? Heeds ONEDNN_MAX_CPU_ISA.
bool multiplies_bf16();

// That block of the result, on the calling thread, without the bias: added to what is there if `add`.
// Holds 6 MiB of scratch per thread. False where oneDNN or the memory fails.
bool multiply_rounded(const Product& product, const ProductBlock& block, bool add) noexcept;

// rounded[rows, columns], tight, from source[rows, columns] with `stride`.
void round_to_bf16(const float* source, int64_t stride, int64_t rows, int64_t columns, uint16_t* rounded);

}  // namespace cloze
