#include "engine/runtime/cache_folder.h"

#include <cstdlib>
#include <filesystem>

namespace cloze {

std::string matmul_choices_file() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && *cache != 0) return std::filesystem::path(cache) / "cloze" / "matmul-choices";
  if (home == nullptr || *home == 0) return {};
  return std::filesystem::path(home) / ".cache" / "cloze" / "matmul-choices";
}

}  // namespace cloze
