#include "kernels/common/toolkit_library.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

namespace cloze {
namespace {

const std::string major_version = std::to_string(CUDART_VERSION / 1000);

void* open(const std::string& file) {
  return ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
}

std::string remedy(const ToolkitLibrary& library) {
  return std::string(": install ") + library.product + " for CUDA " + major_version +
         " (Debian and Ubuntu: " + library.package + "-" + major_version +
         "-*; PyTorch's wheels: " + library.wheel + ") and name its folder in LD_LIBRARY_PATH";
}

}  // namespace

LoadedLibrary::LoadedLibrary(const ToolkitLibrary& library, const std::string& file)
    : library_(library), handle_(open(file)) {
  if (handle_ == nullptr)
    throw CudaError(std::string(library.name) + ", which " + library.purpose + ", cannot be loaded (" +
                    ::dlerror() + ")" + remedy(library));
}

void* LoadedLibrary::find(const char* name) const {
  void* function = ::dlsym(handle_, name);
  if (function == nullptr) throw CudaError(std::string(library_.name) + " has no " + name + remedy(library_));
  return function;
}

std::string file_name_of(const ToolkitLibrary& library) {
  return std::string(library.file) + "." +
         (library.version > 0 ? std::to_string(library.version) : major_version);
}

std::string path_in_toolkit(const ToolkitLibrary& library) {
  const std::string path = std::string(CLOZE_CUDA_LIBRARIES) + "/" + file_name_of(library);
  return open(path) == nullptr ? "" : path;
}

}  // namespace cloze
