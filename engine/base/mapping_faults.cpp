#include "engine/base/mapping_faults.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>

namespace cloze {
namespace {

// Read by a signal handler, so without locks or allocation: a place is claimed, filled, then its beginning
// published.
struct Mapping {
  std::atomic<bool> claimed = false;
  std::atomic<const char*> begin = nullptr;
  size_t bytes = 0;
  std::array<char, 1024> path = {};  // cut where it is longer
};
std::array<Mapping, 256> mappings;

void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody to tell
}

void report(int signal, siginfo_t* info, void*) {
  const auto* address = static_cast<const char*>(info->si_addr);
  const auto found = std::find_if(mappings.begin(), mappings.end(), [&](const Mapping& mapping) {
    const char* begin = mapping.begin.load(std::memory_order_acquire);
    return begin != nullptr && address >= begin && address < begin + mapping.bytes;
  });
  if (found == mappings.end()) {  // no file of ours: as if nobody had asked
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  say("cloze: a file cannot be read any more\n  where: ");
  say(found->path.data());
  say("\n  why: it was cut short, or its disk failed, while it was being read\n"
      "  try: copy it anew to a disk that works; checkpoints that were written before are whole\n");
  ::_exit(1);
}

}  // namespace

void note_mapping(const void* begin, size_t bytes, std::string_view path) noexcept {
  const auto free = std::find_if(mappings.begin(), mappings.end(),
                                 [](Mapping& mapping) { return !mapping.claimed.exchange(true); });
  if (free == mappings.end()) return;
  free->bytes = bytes;
  const size_t length = std::min(path.size(), free->path.size() - 1);
  path.copy(free->path.data(), length);
  free->path[length] = '\0';
  free->begin.store(static_cast<const char*>(begin), std::memory_order_release);
}

void forget_mapping(const void* begin) noexcept {
  const auto found = std::find_if(mappings.begin(), mappings.end(), [&](const Mapping& mapping) {
    return mapping.begin.load(std::memory_order_relaxed) == begin;
  });
  if (found == mappings.end()) return;
  found->begin.store(nullptr, std::memory_order_release);
  found->claimed = false;
}

void report_mapping_faults() {
  struct sigaction action = {};
  action.sa_sigaction = report;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace cloze
