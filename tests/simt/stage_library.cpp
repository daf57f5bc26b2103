#include "tests/simt/emulated_attention.h"
#include "tests/simt/stage.h"

namespace cloze::testing {

std::unique_ptr<AttentionLibrary> attention_library(const Cuda&) {
  return simt::make_emulated_attention();
}

}  // namespace cloze::testing
