// In the place of cuBLASLt: what its documentation says of column-major products and their epilogues, by
// plain loops on the emulator's memory, and of the attributes that it is told. Rows that nobody wrote hold
// what they hold.
#include <cstring>

#include "kernels/common/bfloat16.h"
#include "kernels/common/float8.h"
#include "kernels/linear/cublaslt_library.h"
#include "tests/simt/plain_gelu.h"
#include "tests/simt/simt.h"
#include "tests/simt/streams.h"

namespace cloze {
namespace {

struct EmulatedLayout {
  cudaDataType_t type;
  uint64_t rows, columns;
  int64_t stride;
};
struct EmulatedOperation {
  int32_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
  uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  void *bias = nullptr, *aux = nullptr;
  int64_t aux_stride = 0;
  const float *a_scale = nullptr, *b_scale = nullptr;
  int8_t fast_accumulation = 0;
};
struct EmulatedPreference {
  uint64_t workspace_bytes = 0;
  uint32_t reduction_schemes = CUBLASLT_REDUCTION_SCHEME_MASK;
  uint32_t alignment[4] = {256, 256, 256, 256};
};
// What an algorithm was proposed for; the third of them cannot be run.
struct EmulatedAlgorithm {
  uint64_t number, alignment;
};
constexpr uint64_t proposals = 3;

template <typename Emulated, typename Handle>
Emulated& at(Handle handle) {
  return *reinterpret_cast<Emulated*>(handle);
}

// Copies an attribute of just that size.
template <typename Value>
cublasStatus_t take(Value& value, const void* from, size_t bytes) {
  if (bytes != sizeof value) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&value, from, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t set_operation(cublasLtMatmulDesc_t handle, cublasLtMatmulDescAttributes_t attribute,
                             const void* value, size_t bytes) {
  auto& operation = at<EmulatedOperation>(handle);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return take(operation.transpose_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return take(operation.transpose_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return take(operation.epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return take(operation.bias, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER:
      return take(operation.aux, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD:
      return take(operation.aux_stride, value, bytes);
    case CUBLASLT_MATMUL_DESC_A_SCALE_POINTER:
      return take(operation.a_scale, value, bytes);
    case CUBLASLT_MATMUL_DESC_B_SCALE_POINTER:
      return take(operation.b_scale, value, bytes);
    case CUBLASLT_MATMUL_DESC_FAST_ACCUM:
      return take(operation.fast_accumulation, value, bytes);
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t set_preference(cublasLtMatmulPreference_t handle,
                              cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                              size_t bytes) {
  auto& preference = at<EmulatedPreference>(handle);
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return take(preference.workspace_bytes, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return take(preference.reduction_schemes, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
      return take(preference.alignment[0], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
      return take(preference.alignment[1], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
      return take(preference.alignment[2], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return take(preference.alignment[3], value, bytes);
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

// A column-major matrix in memory.
struct Matrix {
  EmulatedLayout layout;
  char* data;
  int64_t bytes() const {
    if (is_float8()) return 1;
    return layout.type == CUDA_R_16BF ? 2 : 4;
  }
  bool is_float8() const { return layout.type == CUDA_R_8F_E4M3 || layout.type == CUDA_R_8F_E5M2; }
  bool whole_groups_of_16(int64_t row_bytes) const {
    return row_bytes % 16 == 0 && layout.stride * bytes() % 16 == 0 &&
           reinterpret_cast<uintptr_t>(data) % 16 == 0;
  }
  char* place(int64_t row, int64_t column) const { return data + (column * layout.stride + row) * bytes(); }
  double get(int64_t row, int64_t column) const {
    const char* from = place(row, column);
    if (is_float8()) {
      const auto bits = static_cast<uint8_t>(*from);
      return layout.type == CUDA_R_8F_E5M2 ? to_float(Float8E5M2{bits}) : to_float(Float8E4M3{bits});
    }
    if (layout.type == CUDA_R_32F) return *reinterpret_cast<const float*>(from);
    return to_float(*reinterpret_cast<const BFloat16*>(from));
  }
  void set(int64_t row, int64_t column, double value) const {
    char* to = place(row, column);
    if (layout.type == CUDA_R_32F)
      *reinterpret_cast<float*>(to) = static_cast<float>(value);
    else
      *reinterpret_cast<BFloat16*>(to) = to_bfloat16(static_cast<float>(value));
    simt::mark_written(to, bytes());
  }
};

// D = epilogue(op(A) op(B) + beta C), C in D's place.
struct EmulatedProduct {
  EmulatedOperation operation;
  Matrix a, b, d;
  double beta;

  int64_t depth() const {
    return static_cast<int64_t>(operation.transpose_a == CUBLAS_OP_T ? a.layout.rows : a.layout.columns);
  }
  double left(int64_t i, int64_t k) const {
    return operation.transpose_a == CUBLAS_OP_T ? a.get(k, i) : a.get(i, k);
  }
  double right(int64_t k, int64_t j) const {
    return operation.transpose_b == CUBLAS_OP_T ? b.get(j, k) : b.get(k, j);
  }
  Matrix vector(void* data) const { return {{d.layout.type, 0, 0, 0}, static_cast<char*>(data)}; }
  Matrix aux() const {
    return {{d.layout.type, 0, 0, operation.aux_stride}, static_cast<char*>(operation.aux)};
  }

  // What the documentation asks of FP8: one format e4m3 at least, rows of A and B whole along the depth
  // ("TN"), everything in whole groups of 16 bytes, a scale for both, bias or nothing, and f32 or bf16 out.
  bool takes_float8() const {
    if (!a.is_float8() && !b.is_float8()) return operation.a_scale == nullptr;
    const bool formats = a.is_float8() && b.is_float8() &&
                         (a.layout.type == CUDA_R_8F_E4M3 || b.layout.type == CUDA_R_8F_E4M3) &&
                         !d.is_float8();
    const bool arranged = operation.transpose_a == CUBLAS_OP_T && operation.transpose_b == CUBLAS_OP_N;
    const bool whole = a.whole_groups_of_16(depth()) && b.whole_groups_of_16(depth()) &&
                       d.whole_groups_of_16(static_cast<int64_t>(d.layout.rows) * d.bytes());
    const bool epilogue = operation.epilogue == CUBLASLT_EPILOGUE_DEFAULT ||
                          (operation.epilogue == CUBLASLT_EPILOGUE_BIAS && d.layout.type == CUDA_R_16BF);
    return formats && arranged && whole && epilogue && operation.a_scale != nullptr &&
           operation.b_scale != nullptr;
  }
  double scale() const { return a.is_float8() ? double{*operation.a_scale} * *operation.b_scale : 1; }

  double finished(double sum, int64_t i, int64_t j) const {
    switch (operation.epilogue) {
      case CUBLASLT_EPILOGUE_BIAS:
        return sum + vector(operation.bias).get(i, 0);
      case CUBLASLT_EPILOGUE_GELU_BIAS:
        return simt::gelu(sum + vector(operation.bias).get(i, 0));
      case CUBLASLT_EPILOGUE_GELU_AUX_BIAS:
        sum += vector(operation.bias).get(i, 0);
        aux().set(i, j, sum);
        return simt::gelu(sum);
      case CUBLASLT_EPILOGUE_DGELU:
        return sum * simt::gelu_slope(aux().get(i, j));
      default:
        return sum;
    }
  }
  void run() const {
    const auto rows = static_cast<int64_t>(d.layout.rows), columns = static_cast<int64_t>(d.layout.columns);
    for (int64_t j = 0; j < columns; ++j) {
      double of_b = 0;
      for (int64_t k = 0; k < depth(); ++k) of_b += right(k, j);
      if (operation.epilogue == CUBLASLT_EPILOGUE_BGRADB) vector(operation.bias).set(j, 0, of_b);
      for (int64_t i = 0; i < rows; ++i) {
        double sum = 0;
        for (int64_t k = 0; k < depth(); ++k) sum += left(i, k) * right(k, j);
        sum = scale() * sum + (beta != 0 ? beta * d.get(i, j) : 0);
        d.set(i, j, finished(sum, i, j));
      }
    }
  }
};

cublasStatus_t propose(cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                       cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatmulPreference_t handle,
                       int most, cublasLtMatmulHeuristicResult_t* results, int* count) {
  const auto& preference = at<EmulatedPreference>(handle);
  if (preference.reduction_schemes != CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE || most < int{proposals})
    return CUBLAS_STATUS_NOT_SUPPORTED;
  for (uint64_t number = 0; number < proposals; ++number) {
    results[number] = {};
    results[number].state = CUBLAS_STATUS_SUCCESS;
    const EmulatedAlgorithm algorithm{number, preference.alignment[0]};
    std::memcpy(&results[number].algo, &algorithm, sizeof algorithm);
  }
  *count = proposals;
  return CUBLAS_STATUS_SUCCESS;
}

bool aligned(const void* pointer, uint64_t alignment) {
  return reinterpret_cast<uintptr_t>(pointer) % alignment == 0;
}

cublasStatus_t multiply(cublasLtHandle_t, cublasLtMatmulDesc_t operation, const void* alpha, const void* a,
                        cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                        const void* beta, const void* c, cublasLtMatrixLayout_t, void* d,
                        cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algo, void* workspace,
                        size_t, cudaStream_t stream) {
  EmulatedAlgorithm algorithm;
  std::memcpy(&algorithm, algo, sizeof algorithm);
  if (algorithm.number + 1 >= proposals) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (workspace == nullptr || c != d || *static_cast<const float*>(alpha) != 1)
    return CUBLAS_STATUS_INVALID_VALUE;
  for (const void* pointer : {a, b, static_cast<const void*>(d)})
    if (!aligned(pointer, algorithm.alignment)) return CUBLAS_STATUS_INVALID_VALUE;
  const auto matrix = [](cublasLtMatrixLayout_t layout, const void* data) {
    return Matrix{at<EmulatedLayout>(layout), const_cast<char*>(static_cast<const char*>(data))};
  };
  const EmulatedProduct product{at<EmulatedOperation>(operation), matrix(a_layout, a), matrix(b_layout, b),
                                matrix(d_layout, d), *static_cast<const float*>(beta)};
  if (!product.takes_float8()) return CUBLAS_STATUS_NOT_SUPPORTED;
  simt::submit(stream, [product] { product.run(); });
  return CUBLAS_STATUS_SUCCESS;
}

template <typename Emulated, typename Handle>
cublasStatus_t make(Handle* handle, const Emulated& value) {
  *handle = reinterpret_cast<Handle>(new Emulated(value));
  return CUBLAS_STATUS_SUCCESS;
}
template <typename Emulated, typename Handle>
cublasStatus_t drop(Handle handle) {
  delete &at<Emulated>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

CublasLtLibrary emulated() {
  CublasLtLibrary library;
  library.create = [](cublasLtHandle_t* handle) { return make<int>(handle, 0); };
  library.destroy = [](cublasLtHandle_t handle) { return drop<int>(handle); };
  library.get_version = [] { return size_t{1}; };
  library.status_string = [](cublasStatus_t) { return "a status of the emulated cuBLASLt"; };
  library.layout_create = [](cublasLtMatrixLayout_t* handle, cudaDataType_t type, uint64_t rows,
                             uint64_t columns, int64_t stride) {
    return make<EmulatedLayout>(handle, {type, rows, columns, stride});
  };
  library.layout_destroy = [](cublasLtMatrixLayout_t handle) { return drop<EmulatedLayout>(handle); };
  library.operation_create = [](cublasLtMatmulDesc_t* handle, cublasComputeType_t compute,
                                cudaDataType_t scale) {
    if (compute != CUBLAS_COMPUTE_32F || scale != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
    return make<EmulatedOperation>(handle, {});
  };
  library.operation_destroy = [](cublasLtMatmulDesc_t handle) { return drop<EmulatedOperation>(handle); };
  library.operation_set = set_operation;
  library.preference_create = [](cublasLtMatmulPreference_t* handle) {
    return make<EmulatedPreference>(handle, {});
  };
  library.preference_destroy = [](cublasLtMatmulPreference_t handle) {
    return drop<EmulatedPreference>(handle);
  };
  library.preference_set = set_preference;
  library.get_heuristic = propose;
  library.check_algorithm = [](cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t,
                               cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                               const cublasLtMatmulAlgo_t*, cublasLtMatmulHeuristicResult_t* result) {
    *result = {};
    return CUBLAS_STATUS_SUCCESS;
  };
  library.matmul = multiply;
  return library;
}

}  // namespace

const CublasLtLibrary& cublaslt() {
  static const CublasLtLibrary library = emulated();
  return library;
}

}  // namespace cloze
