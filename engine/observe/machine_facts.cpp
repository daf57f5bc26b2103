#include "engine/observe/machine_facts.h"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "engine/observe/system_file.h"
#include "engine/train/run_setup.h"

namespace cloze {
namespace {

// Calls visit(line) for every line of a text.
template <typename Visit>
void for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string system_name(std::string_view release) {
  utsname kernel = {};
  ::uname(&kernel);
  const std::string name = release_value(release, "PRETTY_NAME");
  return fmt::format("{}, {} {}, {}", name.empty() ? "an unnamed system" : name, kernel.sysname,
                     kernel.release, kernel.machine);
}

double load_of_last_minute() {
  double load[1] = {};
  return ::getloadavg(load, 1) == 1 ? load[0] : 0;
}

}  // namespace

int physical_cores(std::string_view cpu_info_text) {
  std::set<std::pair<std::string, std::string>> cores;
  std::string package;
  for_each_line(cpu_info_text, [&](std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string value(line.substr(std::min(colon + 2, line.size())));
    if (line.starts_with("physical id")) package = value;
    if (line.starts_with("core id")) cores.emplace(package, value);
  });
  return static_cast<int>(cores.size());
}

std::string chosen_word(std::string_view text) {
  const size_t open = text.find('['), close = text.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  return std::string(text.substr(open + 1, close - open - 1));
}

std::string release_value(std::string_view text, std::string_view key) {
  std::string value;
  for_each_line(text, [&](std::string_view line) {
    if (!line.starts_with(key) || line.substr(key.size(), 1) != "=") return;
    line.remove_prefix(key.size() + 1);
    if (line.size() >= 2 && line.front() == '"' && line.back() == '"') line = line.substr(1, line.size() - 2);
    value = line;
  });
  return value;
}

MachineFacts machine_facts() {
  const std::string release = system_file("/etc/os-release");
  MachineFacts facts{.system = system_name(release),
                     .distribution = release_value(release, "ID"),
                     .cpu = cpu_info(),
                     .cores = physical_cores(system_file("/proc/cpuinfo")),
                     .processors = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)),
                     .threads = thread_number(0),
                     .load = load_of_last_minute(),
                     .kernel_target = kernel_target(),
                     .matmul_library_target = matmul_library_target(),
                     .multiplies_bf16 = multiplies_bf16(),
                     .memory = machine_memory(),
                     .huge_pages = chosen_word(system_file("/sys/kernel/mm/transparent_hugepage/enabled")),
                     .gpu = gpu_facts(),
                     .build = build_facts(),
                     .folder = std::filesystem::current_path(),
                     .automatic_device = name_of(device_kind(DeviceOption::automatic))};
  std::error_code trouble;
  const auto space = std::filesystem::space(facts.folder, trouble);
  if (!trouble) facts.disk_bytes = space.capacity, facts.disk_available = space.available;
  return facts;
}

}  // namespace cloze
