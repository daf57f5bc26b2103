#pragma once

#include <cuda_runtime.h>

#include "kernels/common/dropout.cuh"
#include "kernels/common/warp.cuh"

// Dropout of probabilities that lie in fragments: of a row, four lanes hold two of every eight columns each,
// which is one word of the Philox call that decides those eight (kernels/common/dropout.h).
namespace cloze {

// words[n] of lane t of four becomes words[t] of lane n.
__device__ inline void transpose_in_quads(uint32_t (&words)[4]) {
  const int lane = lane_index();
#pragma unroll
  for (int i = 0; i < 4; i += 2) {
    const uint32_t sent = (lane & 1) != 0 ? words[i] : words[i + 1];
    const uint32_t received = __shfl_xor_sync(whole_warp, sent, 1);
    if ((lane & 1) != 0)
      words[i] = received;
    else
      words[i + 1] = received;
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const uint32_t sent = (lane & 2) != 0 ? words[i] : words[i + 2];
    const uint32_t received = __shfl_xor_sync(whole_warp, sent, 2);
    if ((lane & 2) != 0)
      words[i] = received;
    else
      words[i + 2] = received;
  }
}

// The bits of 32 columns, from `column` (a multiple of 32) on: words[n] decides columns 8 n + 2 t and the
// next, low half first. Each of four lanes makes one Philox call. All lanes of the warp call.
__device__ inline void quad_dropout_words(const DropoutRow& mask, int column, uint32_t (&words)[4]) {
  const PhiloxBits bits = dropout_bits(mask, column / group + lane_index() % 4);
  words[0] = bits.word0;
  words[1] = bits.word1;
  words[2] = bits.word2;
  words[3] = bits.word3;
  transpose_in_quads(words);
}

// 0 or scale for the low and the high half of a word.
__device__ inline float low_factor(const DropoutRow& mask, uint32_t word) {
  return (word & 0xFFFFu) >= mask.threshold ? mask.scale : 0.0f;
}
__device__ inline float high_factor(const DropoutRow& mask, uint32_t word) {
  return (word >> 16) >= mask.threshold ? mask.scale : 0.0f;
}

}  // namespace cloze
