#pragma once

#include <string>

#include "kernels/common/cuda.h"

namespace cloze {

// A library of the CUDA toolkit that is loaded when it is needed, and what to say where it is missing.
struct ToolkitLibrary {
  const char* name;     // "cuBLASLt"
  const char* purpose;  // "multiplies matrices on a GPU"
  const char* file;     // "libcublasLt.so"; a major version follows it
  const char* product;  // "cuBLAS", which is to be installed
  const char* package;  // "libcublas", as Debian and Ubuntu begin its name
  const char* wheel;    // "nvidia-cublas", as PyTorch's wheels bring it
  int version = 0;      // its own major version; 0: that of the toolkit
};

// Loaded for as long as the program runs.
class LoadedLibrary {
 public:
  // Throws CudaError, saying what to install, where it cannot be loaded.
  LoadedLibrary(const ToolkitLibrary& library, const std::string& file);

  // Throws CudaError where the library has no function of that name.
  template <typename Function>
  void find(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(find(name));
  }

 private:
  void* find(const char* name) const;

  const ToolkitLibrary& library_;
  void* handle_;
};

// Of the major version that this program was built with: "libcublasLt.so.13"; and its path in
// the toolkit's folder, empty where it cannot be loaded from there.
std::string file_name_of(const ToolkitLibrary& library);
std::string path_in_toolkit(const ToolkitLibrary& library);

// open(file) of the library as the loader finds it, or else of the toolkit's. Throws CudaError.
template <class Open>
auto open_of_toolkit(const ToolkitLibrary& library, const Open& open) {
  try {
    return open(file_name_of(library));
  } catch (const CudaError&) {
    const std::string path = path_in_toolkit(library);
    if (path.empty()) throw;
    return open(path);
  }
}

}  // namespace cloze
