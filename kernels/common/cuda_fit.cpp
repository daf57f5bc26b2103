#include "kernels/common/cuda_fit.h"

namespace cloze {
namespace {

constexpr int least_capability = 80;

std::string version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}
std::string capability(int number) {
  return std::to_string(number / 10) + "." + std::to_string(number % 10);
}

}  // namespace

std::string unfit_reason(const CudaMachine& m) {
  if (m.driver == 0) return "there is no NVIDIA driver: install it (nvidia-smi must list the GPU)";
  // A driver runs programs of every older toolkit, and of newer ones of its own major version.
  if (m.driver / 1000 < m.toolkit / 1000)
    return "the driver is for CUDA " + version(m.driver) + ", this program was built with " +
           version(m.toolkit) + ": update the driver, or build with a CUDA " + version(m.driver) + " toolkit";
  if (m.devices == 0)
    return "the driver sees no GPU: check nvidia-smi, CUDA_VISIBLE_DEVICES, and in a container --gpus all";
  if (m.number >= m.devices)
    return "there is no GPU " + std::to_string(m.number) + ": they are numbered 0 to " +
           std::to_string(m.devices - 1);
  if (m.compute_capability < least_capability)
    return m.gpu + " has compute capability " + capability(m.compute_capability) +
           "; Cloze needs 8.0 (Ampere) or later";
  if (!m.has_code)
    return "this program has no code for " + m.gpu + " (compute capability " +
           capability(m.compute_capability) +
           "): build it with -DCLOZE_CUDA_ARCHITECTURES=" + std::to_string(m.compute_capability);
  return {};
}

}  // namespace cloze
