#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cloze {

// What the system says of NVIDIA's GPUs, without any library of NVIDIA's.
struct GpuFacts {
  int devices = 0;                  // on the PCI bus: display and 3D controllers of NVIDIA
  std::string driver;               // version of the kernel module; empty: not loaded
  std::vector<std::string> models;  // as the driver names them
  std::string compiler;             // path of the CUDA toolkit's nvcc; empty: not found
  std::string refusal;              // why this program cannot use one; empty: it can
};

// `proc` and `sys` are /proc and /sys, or stand for them in a test. Leaves `refusal` empty.
GpuFacts system_gpus(const std::filesystem::path& proc, const std::filesystem::path& sys);

// The same for this machine; looks for the toolkit and tries to open the first GPU.
GpuFacts gpu_facts();

// "570.86.15" out of the text of /proc/driver/nvidia/version; empty where it is not there.
std::string driver_version(std::string_view text);

}  // namespace cloze
