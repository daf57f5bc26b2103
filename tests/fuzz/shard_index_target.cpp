// model.safetensors.index.json: whatever names it gives, they are of files beside it.
#include <algorithm>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/checkpoint/huggingface_weights.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::set<std::string> names;
  try {
    names = parse_shard_index(fuzz::as_text(data, size), "model.safetensors.index.json");
  } catch (const Error&) {
    return 0;
  }
  fuzz::require(!names.empty(), "an index names a file");
  const std::filesystem::path folder = "folder";
  for (const std::string& name : names) {
    fuzz::require((folder / name).lexically_normal().parent_path() == folder,
                  "the file lies beside the index");
  }
  return 0;
}
