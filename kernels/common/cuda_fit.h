#pragma once

#include <string>

namespace cloze {

// What a machine offers to CUDA, and what this build needs of it. Versions as the toolkit numbers them: 13000
// is 13.0.
struct CudaMachine {
  int driver = 0;              // the newest toolkit that the driver runs; 0: no driver
  int toolkit = 0;             // that this program was built with
  int devices = 0;             // GPUs that can be seen
  int number = 0;              // of the GPU that is asked for
  std::string gpu;             // its name
  int compute_capability = 0;  // 10 * major + minor
  bool has_code = true;        // were the kernels compiled for it?
};

// Why this program cannot compute there, and what to do about it; empty where it can.
std::string unfit_reason(const CudaMachine& machine);

}  // namespace cloze
