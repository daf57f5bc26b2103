#include "engine/base/memory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

uint64_t to_number(std::string_view text) {
  uint64_t value = 0;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// A control-group file that holds one number; nothing where it is missing or says "max".
std::optional<uint64_t> group_number(const fs::path& path) {
  try {
    const std::string text = read_file(path);
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    return to_number(text);
  } catch (const Error&) {
    return std::nullopt;  // this kernel or container has no such group
  }
}

// Control groups, version 2: the limits of the process's group and of all above it hold together.
void apply_group_limits(MachineMemory& memory) {
  constexpr std::string_view marker = "0::/";
  std::string groups;
  try {
    groups = read_file("/proc/self/cgroup");
  } catch (const Error&) {
    return;
  }
  const size_t start = groups.find(marker);
  if (start == std::string::npos) return;
  const size_t begin = start + marker.size();
  fs::path folder = fs::path("/sys/fs/cgroup") / groups.substr(begin, groups.find('\n', begin) - begin);
  for (; folder.string().starts_with("/sys/fs/cgroup"); folder = folder.parent_path()) {
    const auto limit = group_number(folder / "memory.max");
    const auto used = group_number(folder / "memory.current");
    if (!limit || *limit >= memory.total) continue;
    memory.total = *limit;
    memory.available = std::min(memory.available, *limit - std::min(used.value_or(0), *limit));
  }
}

}  // namespace

uint64_t kernel_bytes(std::string_view text, std::string_view key) {
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = text.substr(start, end - start);
    start = end + 1;
    if (!line.starts_with(key) || line.substr(key.size(), 1) != ":") continue;
    line.remove_prefix(key.size() + 1);
    return to_number(line) * (line.ends_with(" kB") ? 1024 : 1);
  }
  return 0;
}

MachineMemory machine_memory() {
  const std::string text = read_file("/proc/meminfo");
  MachineMemory memory{kernel_bytes(text, "MemTotal"), kernel_bytes(text, "MemAvailable")};
  apply_group_limits(memory);
  return memory;
}

ProcessMemory process_memory() {
  const std::string text = read_file("/proc/self/status");
  return {kernel_bytes(text, "VmRSS"), kernel_bytes(text, "VmHWM")};
}

}  // namespace cloze
