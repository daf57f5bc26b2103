// What libFuzzer calls once, before the first input.
#include "engine/base/log.h"

extern "C" int LLVMFuzzerInitialize(int*, char***);

int LLVMFuzzerInitialize(int*, char***) {
  cloze::log::set_level(cloze::log::Level::error);  // most inputs deserve a warning
  return 0;
}
