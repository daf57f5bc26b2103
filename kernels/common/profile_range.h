#pragma once

namespace cloze {

// A named stretch of the host's work, shown by Nsight beside the kernels it launches (NVTX). Costs next to
// nothing where no profiler listens, and nothing in a build without CUDA.
class ProfileRange {
 public:
  explicit ProfileRange(const char* name);
  ~ProfileRange();
  ProfileRange(const ProfileRange&) = delete;
  ProfileRange& operator=(const ProfileRange&) = delete;
};

}  // namespace cloze
