#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kernels/linear/matmul_library.h"

namespace cloze {

struct CublasLtOptions {
  void* workspace =
      nullptr;  // device memory, kept by the caller for as long as the library lives, of one stream
  int64_t workspace_bytes = 0;
  std::string gpu;           // which one: choices are of one kind of GPU
  std::string choices_file;  // where they are kept; empty: nowhere
  std::function<void(const std::string&)> say = [](const std::string&) {};
};

// cuBLASLt. Which algorithm a shape takes is chosen when it is first seen, before any capture: all that the
// library proposes are timed (kernels/linear/matmul_choice.h).
std::unique_ptr<MatmulLibrary> make_cublaslt(const CublasLtOptions& options);

}  // namespace cloze
