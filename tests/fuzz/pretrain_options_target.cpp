// The YAML of `cloze pretrain`: what is accepted survives being written out and read again.
#include <string>

#include "engine/base/error.h"
#include "engine/config/config.h"
#include "engine/train/pretrain_options.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  PretrainOptions options;
  try {
    options =
        config::read_text<PretrainOptions>(fuzz::as_text(data, size), "input.yaml", {}, "no-such-folder");
  } catch (const Error&) {
    return 0;
  }
  const std::string written = config::dump(options);
  const auto again = config::read_text<PretrainOptions>(written, "written.yaml", {}, "no-such-folder");
  fuzz::require(config::dump(again) == written, "YAML written from options reads as the same options");
  return 0;
}
