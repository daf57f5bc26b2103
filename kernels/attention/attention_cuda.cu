#include "kernels/attention/attention_cuda.h"

#include <algorithm>

#include "kernels/attention/attention_library.h"
#include "kernels/common/storage.h"

namespace cloze {
namespace {

void require_head_size(const AttentionShape& shape, int64_t multiple) {
  if (shape.head_size % multiple != 0 || shape.head_size > 128)
    throw CudaError("attention: head size " + std::to_string(shape.head_size) +
                    "; a CUDA kernel takes multiples of " + std::to_string(multiple) + " up to 128");
}

// Up to whole tiles: no more shared memory than the longest sequence needs.
int64_t rounded(int64_t queries) {
  constexpr int64_t tile = 64;
  return (queries + tile - 1) / tile * tile;
}

void backward_bf16(Cuda& device, const AttentionBackward& op) {
  // Lengths are known on the device only: each launch leaves out the sequences of the others. Short ones
  // go first with less shared memory, so that more blocks run at a time.
  constexpr int64_t few_queries = 128;
  const int64_t on_chip = attention_most_queries_on_chip(device, op.shape.head_size);
  const int64_t longest = op.shape.longest_sequence > 0 ? op.shape.longest_sequence : op.query.rows;
  attention_backward_on_chip(device, op, -1, std::min({few_queries, on_chip, rounded(longest)}));
  if (longest > few_queries && on_chip > few_queries)
    attention_backward_on_chip(device, op, few_queries, std::min(on_chip, rounded(longest)));
  if (longest > on_chip) attention_backward_tiled(device, op, on_chip);
}

}  // namespace

void attention_forward(Cuda& device, const AttentionForward& op) {
  with_storage_type(op.query, "attention", [&]<typename T>(T) {
    if constexpr (std::is_same_v<T, float>) {
      require_head_size(op.shape, 4);
      attention_forward_f32(device, op);
    } else {
      require_head_size(op.shape, 8);
      require_groups("attention", {op.query, op.key, op.value, op.output});
      if (device.attention != nullptr)
        device.attention->forward(device, op);
      else
        attention_forward_bf16(device, op);
    }
  });
}

void attention_backward(Cuda& device, const AttentionBackward& op) {
  with_storage_type(op.query, "attention_backward", [&]<typename T>(T) {
    if constexpr (std::is_same_v<T, float>) {
      require_head_size(op.shape, 4);
      attention_backward_f32(device, op);
    } else {
      require_head_size(op.shape, 8);
      require_groups("attention_backward", {op.query, op.key, op.value, op.output, op.output_gradient,
                                            op.query_gradient, op.key_gradient, op.value_gradient});
      if (device.attention != nullptr)
        device.attention->backward(device, op);
      else
        backward_bf16(device, op);
    }
  });
}

}  // namespace cloze
