#include "engine/observe/system_file.h"

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {

std::string system_file(const std::filesystem::path& path) {
  try {
    return read_file(path);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace cloze
