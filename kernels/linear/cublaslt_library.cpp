#include "kernels/linear/cublaslt_library.h"

#include "kernels/common/toolkit_library.h"

namespace cloze {
namespace {

constexpr ToolkitLibrary in_toolkit{.name = "cuBLASLt",
                                    .purpose = "multiplies matrices on a GPU",
                                    .file = "libcublasLt.so",
                                    .product = "cuBLAS",
                                    .package = "libcublas",
                                    .wheel = "nvidia-cublas"};

}  // namespace

CublasLtLibrary open_cublaslt(const std::string& file) {
  const LoadedLibrary library(in_toolkit, file);
  CublasLtLibrary functions;
  library.find(functions.create, "cublasLtCreate");
  library.find(functions.destroy, "cublasLtDestroy");
  library.find(functions.get_version, "cublasLtGetVersion");
  library.find(functions.status_string, "cublasLtGetStatusString");
  library.find(functions.layout_create, "cublasLtMatrixLayoutCreate");
  library.find(functions.layout_destroy, "cublasLtMatrixLayoutDestroy");
  library.find(functions.operation_create, "cublasLtMatmulDescCreate");
  library.find(functions.operation_destroy, "cublasLtMatmulDescDestroy");
  library.find(functions.operation_set, "cublasLtMatmulDescSetAttribute");
  library.find(functions.preference_create, "cublasLtMatmulPreferenceCreate");
  library.find(functions.preference_destroy, "cublasLtMatmulPreferenceDestroy");
  library.find(functions.preference_set, "cublasLtMatmulPreferenceSetAttribute");
  library.find(functions.get_heuristic, "cublasLtMatmulAlgoGetHeuristic");
  library.find(functions.check_algorithm, "cublasLtMatmulAlgoCheck");
  library.find(functions.matmul, "cublasLtMatmul");
  return functions;
}

const CublasLtLibrary& cublaslt() {
  static const CublasLtLibrary library = open_of_toolkit(in_toolkit, open_cublaslt);
  return library;
}

}  // namespace cloze
