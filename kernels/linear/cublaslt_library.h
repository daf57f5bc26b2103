#pragma once

#include <cublasLt.h>

#include <string>

namespace cloze {

// cuBLASLt, half a gigabyte, which is loaded when a GPU is opened: programs that use none start without it.
// Its functions, by their names in cublasLt.h.
struct CublasLtLibrary {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtDestroy) destroy;
  decltype(&cublasLtGetVersion) get_version;
  decltype(&cublasLtGetStatusString) status_string;
  decltype(&cublasLtMatrixLayoutCreate) layout_create;
  decltype(&cublasLtMatrixLayoutDestroy) layout_destroy;
  decltype(&cublasLtMatmulDescCreate) operation_create;
  decltype(&cublasLtMatmulDescDestroy) operation_destroy;
  decltype(&cublasLtMatmulDescSetAttribute) operation_set;
  decltype(&cublasLtMatmulPreferenceCreate) preference_create;
  decltype(&cublasLtMatmulPreferenceDestroy) preference_destroy;
  decltype(&cublasLtMatmulPreferenceSetAttribute) preference_set;
  decltype(&cublasLtMatmulAlgoGetHeuristic) get_heuristic;
  decltype(&cublasLtMatmulAlgoCheck) check_algorithm;
  decltype(&cublasLtMatmul) matmul;
};

// Of the major version of the toolkit that this program was built with, as the loader finds it or from the
// toolkit's folder. It stays loaded. Throws CudaError, saying what to install, where there is none.
const CublasLtLibrary& cublaslt();
CublasLtLibrary open_cublaslt(const std::string& file);  // throws CudaError

}  // namespace cloze
