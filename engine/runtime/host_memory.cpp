#include "engine/runtime/host_memory.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <cerrno>

#include "engine/base/error.h"

namespace cloze {

HostMemory::HostMemory(int64_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  const auto size = static_cast<size_t>(bytes);
  void* mapped =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) {
    throw Error(
        {.what = fmt::format("cannot allocate {:.2f} GiB of memory", static_cast<double>(bytes) / (1 << 30)),
         .why = system_message(errno),
         .remedy = "see `cloze plan` for where memory goes; smaller micro-batches need less"});
  }
  constexpr int64_t huge_page_worthwhile = 4 << 20;
  if (bytes >= huge_page_worthwhile) ::madvise(mapped, size, MADV_HUGEPAGE);
  data_ = {static_cast<std::byte*>(mapped), UnmapHostMemory{size}};
}

void UnmapHostMemory::operator()(std::byte* data) const {
  ::munmap(data, bytes);
}

}  // namespace cloze
