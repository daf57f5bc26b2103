#include "kernels/linear/cublaslt_library.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include "kernels/common/cuda.h"

namespace cloze {
namespace {

const std::string major_version = std::to_string(CUDART_VERSION / 1000);

std::string remedy() {
  return ": install cuBLAS for CUDA " + major_version + " (Debian and Ubuntu: libcublas-" + major_version +
         "-*; PyTorch's wheels: nvidia-cublas) and name its folder in LD_LIBRARY_PATH";
}

template <typename Function>
void find(void* library, Function& function, const char* name) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) throw CudaError(std::string("cuBLASLt has no ") + name + remedy());
}

}  // namespace

CublasLtLibrary open_cublaslt(const std::string& file) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw CudaError("cuBLASLt, which multiplies matrices on a GPU, cannot be loaded (" +
                    std::string(::dlerror()) + ")" + remedy());
  CublasLtLibrary functions;
  find(library, functions.create, "cublasLtCreate");
  find(library, functions.destroy, "cublasLtDestroy");
  find(library, functions.get_version, "cublasLtGetVersion");
  find(library, functions.status_string, "cublasLtGetStatusString");
  find(library, functions.layout_create, "cublasLtMatrixLayoutCreate");
  find(library, functions.layout_destroy, "cublasLtMatrixLayoutDestroy");
  find(library, functions.operation_create, "cublasLtMatmulDescCreate");
  find(library, functions.operation_destroy, "cublasLtMatmulDescDestroy");
  find(library, functions.operation_set, "cublasLtMatmulDescSetAttribute");
  find(library, functions.preference_create, "cublasLtMatmulPreferenceCreate");
  find(library, functions.preference_destroy, "cublasLtMatmulPreferenceDestroy");
  find(library, functions.preference_set, "cublasLtMatmulPreferenceSetAttribute");
  find(library, functions.get_heuristic, "cublasLtMatmulAlgoGetHeuristic");
  find(library, functions.check_algorithm, "cublasLtMatmulAlgoCheck");
  find(library, functions.matmul, "cublasLtMatmul");
  return functions;
}

const CublasLtLibrary& cublaslt() {
  static const CublasLtLibrary library = [] {
    const std::string name = "libcublasLt.so." + major_version;
    try {
      return open_cublaslt(name);
    } catch (const CudaError&) {
      const std::string of_toolkit = std::string(CLOZE_CUDA_LIBRARIES) + "/" + name;
      if (::dlopen(of_toolkit.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) throw;
      return open_cublaslt(of_toolkit);
    }
  }();
  return library;
}

}  // namespace cloze
