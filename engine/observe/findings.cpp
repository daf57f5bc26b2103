#include "engine/observe/findings.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "engine/base/format.h"

namespace cloze {
namespace {

constexpr const char* rebuild = "cmake --preset release && cmake --build build/release --target cloze";
constexpr const char* build_with_cuda = "cmake --preset cuda && cmake --build build/cuda --target cloze";

std::optional<Finding> build_kind(const MachineFacts& facts) {
  if (facts.build.kind != "Release" && facts.build.kind != "RelWithDebInfo")
    return Finding{fmt::format("this program was built for debugging ({}) and is many times slower",
                               facts.build.kind.empty() ? "no build type" : facts.build.kind),
                   rebuild};
  if (!facts.build.sanitizers.empty())
    return Finding{fmt::format("this program was built with -fsanitize={} and is many times slower",
                               facts.build.sanitizers),
                   rebuild};
  return std::nullopt;
}

std::optional<Finding> vector_code(const MachineFacts& facts) {
  const auto has = [&](const char* feature) {
    return std::find(facts.cpu.features.begin(), facts.cpu.features.end(), feature) !=
           facts.cpu.features.end();
  };
  if (has("avx2") || has("asimd")) return std::nullopt;
  return Finding{"this processor has no AVX2: matrix products run at a fraction of what is usual", ""};
}

std::optional<Finding> memory(const MachineFacts& facts) {
  constexpr uint64_t enough_for_base = uint64_t{4} << 30;
  if (facts.memory.available >= enough_for_base) return std::nullopt;
  return Finding{fmt::format("{} of memory are left: too little for a model of BERT-base's size",
                             human_bytes(facts.memory.available)),
                 "cloze plan CONFIG   # says what a run needs and what to change"};
}

std::optional<Finding> disk(const MachineFacts& facts) {
  // A checkpoint of BERT-base with its moments is 1.3 GB; three stay, and one more is being written.
  constexpr uint64_t enough_for_base = uint64_t{6} << 30;
  if (facts.disk_bytes == 0 || facts.disk_available >= enough_for_base) return std::nullopt;
  return Finding{fmt::format("{} are free in {}: checkpoints of a model of BERT-base's size take 6 GiB",
                             human_bytes(facts.disk_available), facts.folder.string()),
                 "--set output=FOLDER_ON_ANOTHER_DISK, or --set checkpoint.keep=1"};
}

std::optional<Finding> huge_pages(const MachineFacts& facts) {
  if (facts.huge_pages != "never") return std::nullopt;
  return Finding{"transparent huge pages are off, which slows down large buffers",
                 "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"};
}

std::optional<Finding> binding(const MachineFacts& facts) {
  if (facts.cpu.processors >= facts.processors) return std::nullopt;
  return Finding{
      fmt::format("this process may use {} of {} processors", facts.cpu.processors, facts.processors),
      fmt::format("taskset --cpu-list 0-{} cloze ...   # where nothing else forbids it",
                  facts.processors - 1)};
}

std::optional<Finding> load(const MachineFacts& facts) {
  if (facts.load < 0.5 * facts.processors) return std::nullopt;
  return Finding{fmt::format("other programs run: {:.1f} at a time during the last minute, on {} processors; "
                             "speeds measured now are too low",
                             facts.load, facts.processors),
                 "top   # shows which"};
}

std::string driver_command(const MachineFacts& facts) {
  if (facts.distribution == "ubuntu") return "sudo ubuntu-drivers install && sudo reboot";
  return "sudo apt-get install nvidia-driver && sudo reboot   # with non-free in /etc/apt/sources.list";
}

std::string toolkit_command(const MachineFacts& facts) {
  if (!facts.gpu.compiler.empty()) return build_with_cuda;
  const std::string install =
      facts.distribution == "ubuntu"
          ? "sudo apt-get install nvidia-cuda-toolkit"
          : "wget https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/"
            "cuda-keyring_1.1-1_all.deb && sudo dpkg -i cuda-keyring_1.1-1_all.deb && sudo apt-get update "
            "&& sudo apt-get install cuda-toolkit";
  return install + " && " + build_with_cuda;
}

std::optional<Finding> gpu(const MachineFacts& facts) {
  if (facts.gpu.devices > 0 && facts.gpu.driver.empty())
    return Finding{"there is a GPU of NVIDIA's, but its driver is not loaded", driver_command(facts)};
  const bool there = facts.gpu.devices > 0 || !facts.gpu.models.empty();
  if (there && !facts.build.cuda)
    return Finding{"there is a GPU, but this program was built without CUDA", toolkit_command(facts)};
  if (there && !facts.gpu.refusal.empty())
    return Finding{"the GPU cannot be used: " + facts.gpu.refusal, "nvidia-smi   # shows its state"};
  return std::nullopt;
}

}  // namespace

std::vector<Finding> findings(const MachineFacts& facts) {
  std::vector<Finding> all;
  for (const auto& look : {build_kind, vector_code, gpu, memory, disk, binding, huge_pages, load}) {
    if (std::optional<Finding> finding = look(facts)) all.push_back(std::move(*finding));
  }
  return all;
}

}  // namespace cloze
