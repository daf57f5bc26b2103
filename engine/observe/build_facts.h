#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cloze {

// How this program was built, and with what.
struct BuildFacts {
  std::string version;     // of Cloze
  std::string compiler;    // "GNU 12.2.0"
  std::string kind;        // "Release"
  std::string sanitizers;  // as -fsanitize takes them; mostly empty
  bool cuda = false;       // with the CUDA device
  // NVIDIA's toolkit and libraries: the versions this build uses, or why it uses none.
  std::vector<std::pair<std::string, std::string>> nvidia;
  // The libraries it runs with, and the versions they state; of header-only ones the version compiled in.
  std::vector<std::pair<std::string, std::string>> libraries;
};
BuildFacts build_facts();

// The vector instructions that the kernels and the matmul library chose for this processor.
std::string kernel_target();          // of Highway: "AVX3_ZEN4"
std::string matmul_library_target();  // of oneDNN: "AVX512_CORE_BF16"

}  // namespace cloze
