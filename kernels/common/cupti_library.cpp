#include "kernels/common/cupti_library.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include "kernels/common/cuda.h"

namespace cloze {
namespace {

const std::string major_version = std::to_string(CUDART_VERSION / 1000);

std::string remedy() {
  return ": install CUPTI for CUDA " + major_version + " (Debian and Ubuntu: cuda-cupti-" + major_version +
         "-*; PyTorch's wheels: nvidia-cuda-cupti) and name its folder in LD_LIBRARY_PATH";
}

template <typename Function>
void find(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) throw CudaError(std::string("CUPTI has no ") + name + remedy());
}

}  // namespace

CuptiLibrary open_cupti(const std::string& file) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw CudaError("CUPTI, which times what lies inside a CUDA graph, cannot be loaded (" +
                    std::string(::dlerror()) + ")" + remedy());
  CuptiLibrary functions;
  find(library, functions.get_version, "cuptiGetVersion");
  find(library, functions.result_string, "cuptiGetResultString");
  find(library, functions.timestamp, "cuptiGetTimestamp");
  find(library, functions.register_callbacks, "cuptiActivityRegisterCallbacks");
  find(library, functions.enable, "cuptiActivityEnable");
  find(library, functions.disable, "cuptiActivityDisable");
  find(library, functions.flush_all, "cuptiActivityFlushAll");
  find(library, functions.next_record, "cuptiActivityGetNextRecord");
  find(library, functions.dropped_records, "cuptiActivityGetNumDroppedRecords");
  return functions;
}

const CuptiLibrary& cupti() {
  static const CuptiLibrary library = [] {
    const std::string name = "libcupti.so." + major_version;
    try {
      return open_cupti(name);
    } catch (const CudaError&) {
      const std::string of_toolkit = std::string(CLOZE_CUDA_LIBRARIES) + "/" + name;
      if (::dlopen(of_toolkit.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) throw;
      return open_cupti(of_toolkit);
    }
  }();
  return library;
}

}  // namespace cloze
