#include "engine/runtime/memory_report.h"

#include "engine/base/format.h"

namespace cloze {
namespace {

std::string text_of(int64_t bytes) {
  return human_bytes(static_cast<uint64_t>(bytes));
}

}  // namespace

Error not_enough_memory(const std::vector<MemoryUse>& uses, const CudaOutOfMemory& error) {
  std::string list;
  int64_t total = 0;
  for (const MemoryUse& use : uses) {
    if (use.bytes == 0) continue;
    list += (list.empty() ? "" : ", ") + use.what + " " + text_of(use.bytes);
    total += use.bytes;
  }
  return Error(
      {.what = "not enough memory on the GPU",
       .why = "the run takes " + text_of(total) + " (" + list + "); of the GPU's " + text_of(error.total) +
              " there are " + text_of(error.free) + " left where " + text_of(error.asked) + " are asked for",
       .remedy = "a smaller batch.micro_batch_tokens or training.recompute: layers for activations, a "
                 "smaller model for the rest; `cloze plan --gpu` says what fits"});
}

}  // namespace cloze
