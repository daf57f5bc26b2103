#include "engine/observe/gpu_facts.h"

#include <algorithm>
#include <cstdlib>

#include "engine/observe/system_file.h"
#include "kernels/common/cuda.h"
#include "kernels/linear/open_cuda.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code trouble;
  for (fs::directory_iterator it(folder, trouble), end; !trouble && it != end; it.increment(trouble))
    entries.push_back(it->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

// Classes 0x0300 (VGA) and 0x0302 (3D controller); audio and USB functions of the same card are others.
bool is_nvidia_gpu(const fs::path& device) {
  const std::string kind = system_file(device / "class");
  return system_file(device / "vendor").starts_with("0x10de") &&
         (kind.starts_with("0x0300") || kind.starts_with("0x0302"));
}

// The rest of the line that begins with "Model:".
std::string model_of(const std::string& information) {
  constexpr std::string_view key = "Model:";
  const size_t at = information.find(key);
  if (at == std::string::npos) return {};
  const size_t begin = information.find_first_not_of(" \t", at + key.size());
  if (begin == std::string::npos) return {};
  return information.substr(begin, information.find('\n', begin) - begin);
}

// Where CMake looks too (cmake/cuda.cmake).
std::string find_compiler() {
  const auto value = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
  std::string folders = value("CUDA_PATH") + "/bin:" + value("PATH") + ":/usr/local/cuda/bin";
  for (size_t begin = 0; begin < folders.size();) {
    const size_t end = std::min(folders.find(':', begin), folders.size());
    const fs::path nvcc = fs::path(folders.substr(begin, end - begin)) / "nvcc";
    std::error_code ignored;
    if (fs::is_regular_file(nvcc, ignored)) return nvcc.string();
    begin = end + 1;
  }
  return {};
}

}  // namespace

std::string driver_version(std::string_view text) {
  constexpr std::string_view key = "Kernel Module";
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const size_t begin = text.find_first_of("0123456789", at + key.size());
  if (begin == std::string_view::npos) return {};
  const size_t end = std::min(text.find_first_not_of("0123456789.", begin), text.size());
  return std::string(text.substr(begin, end - begin));
}

GpuFacts system_gpus(const fs::path& proc, const fs::path& sys) {
  GpuFacts facts;
  for (const fs::path& device : entries_of(sys / "bus/pci/devices")) facts.devices += is_nvidia_gpu(device);
  facts.driver = driver_version(system_file(proc / "driver/nvidia/version"));
  for (const fs::path& gpu : entries_of(proc / "driver/nvidia/gpus")) {
    const std::string model = model_of(system_file(gpu / "information"));
    if (!model.empty()) facts.models.push_back(model);
  }
  return facts;
}

GpuFacts gpu_facts() {
  GpuFacts facts = system_gpus("/proc", "/sys");
  facts.compiler = find_compiler();
  try {
    open_cuda({});
  } catch (const CudaError& error) {
    facts.refusal = error.what();
  }
  return facts;
}

}  // namespace cloze
