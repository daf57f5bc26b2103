#pragma once

#include <memory>

#include "kernels/attention/attention_library.h"

namespace cloze::simt {

// Takes the place of cuDNN's attention on the emulator: the plans that Cloze makes and the tables that it
// fills, computed by plain loops in double that read nothing else. The dropout mask is a function of the
// seed, slot, head, query and key.
std::unique_ptr<AttentionLibrary> make_emulated_attention();

// Does the mask keep a probability? As the plans decide it.
bool emulated_dropout_keeps(const int32_t (&seed)[2], float probability, int64_t slot_and_head, int64_t query,
                            int64_t key);

}  // namespace cloze::simt
