#include "kernels/linear/matmul_cublaslt.h"

#include <cublasLt.h>

#include <map>
#include <string>
#include <tuple>

namespace cloze {
namespace {

void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw CudaError(std::string(call) + ": " + cublasLtGetStatusString(status));
}

cudaDataType_t type_of(DType dtype) {
  if (dtype == DType::bf16) return CUDA_R_16BF;
  if (dtype == DType::f32) return CUDA_R_32F;
  throw CudaError(std::string("matmul: ") + name_of(dtype) + " is no type of a product on a GPU");
}

// Row-major [rows, columns] is column-major [columns, rows]: the library is asked for
// outputᵀ = op(right)ᵀ · op(left)ᵀ, whose rows take the bias of its epilogue.
class Layout {
 public:
  explicit Layout(const Tensor& tensor) {
    check(cublasLtMatrixLayoutCreate(&layout_, type_of(tensor.dtype), static_cast<uint64_t>(tensor.columns),
                                     static_cast<uint64_t>(tensor.rows), tensor.stride),
          "cublasLtMatrixLayoutCreate");
  }
  ~Layout() { cublasLtMatrixLayoutDestroy(layout_); }
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;
  cublasLtMatrixLayout_t get() const { return layout_; }

 private:
  cublasLtMatrixLayout_t layout_ = nullptr;
};

class Operation {
 public:
  explicit Operation(const Matmul& matmul) {
    check(cublasLtMatmulDescCreate(&operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
    set(CUBLASLT_MATMUL_DESC_TRANSA, matmul.transpose_right ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, matmul.transpose_left ? CUBLAS_OP_T : CUBLAS_OP_N);
    if (!matmul.bias) return;
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, matmul.bias.data);
  }
  ~Operation() { cublasLtMatmulDescDestroy(operation_); }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  cublasLtMatmulDesc_t get() const { return operation_; }

 private:
  template <typename Value>
  void set(cublasLtMatmulDescAttributes_t attribute, const Value& value) {
    check(cublasLtMatmulDescSetAttribute(operation_, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
  cublasLtMatmulDesc_t operation_ = nullptr;
};

// What an algorithm depends on.
using Key =
    std::tuple<DType, DType, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, bool, bool, bool, bool>;
Key key_of(const Matmul& m) {
  const int64_t depth = m.transpose_left ? m.left.rows : m.left.columns;
  return {m.left.dtype,      m.output.dtype,  m.output.rows,
          m.output.columns,  depth,           m.left.stride,
          m.right.stride,    m.output.stride, m.transpose_left,
          m.transpose_right, bool(m.bias),    m.mode == GradientMode::accumulate};
}

class CublasLt : public MatmulLibrary {
 public:
  CublasLt(void* workspace, int64_t bytes)
      : workspace_(workspace), workspace_bytes_(static_cast<size_t>(bytes)) {
    check(cublasLtCreate(&handle_), "cublasLtCreate");
  }
  ~CublasLt() override { cublasLtDestroy(handle_); }
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  bool multiply(Cuda& device, const Matmul& matmul) override {
    if (matmul.output.rows == 0) return true;
    const Operation operation(matmul);
    const Layout right(matmul.right), left(matmul.left), output(matmul.output);
    const Key key = key_of(matmul);
    auto found = algorithms_.find(key);
    if (found == algorithms_.end())
      found = algorithms_.emplace(key, choose(operation, right, left, output)).first;
    const cublasLtMatmulHeuristicResult_t& algorithm = found->second;
    if (algorithm.state != CUBLAS_STATUS_SUCCESS) return false;
    const float one = 1, beta = matmul.mode == GradientMode::accumulate ? 1.0f : 0.0f;
    check(cublasLtMatmul(handle_, operation.get(), &one, matmul.right.data, right.get(), matmul.left.data,
                         left.get(), &beta, matmul.output.data, output.get(), matmul.output.data,
                         output.get(), &algorithm.algo, workspace_, workspace_bytes_, device.stream),
          "cublasLtMatmul");
    return true;
  }

 private:
  // The library's first proposal; a state other than success where it has none.
  cublasLtMatmulHeuristicResult_t choose(const Operation& operation, const Layout& right, const Layout& left,
                                         const Layout& output) {
    cublasLtMatmulPreference_t preference = nullptr;
    check(cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate");
    cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                         &workspace_bytes_, sizeof workspace_bytes_);
    cublasLtMatmulHeuristicResult_t best = {};
    int count = 0;
    const cublasStatus_t status =
        cublasLtMatmulAlgoGetHeuristic(handle_, operation.get(), right.get(), left.get(), output.get(),
                                       output.get(), preference, 1, &best, &count);
    cublasLtMatmulPreferenceDestroy(preference);
    if (status != CUBLAS_STATUS_SUCCESS || count == 0) best.state = CUBLAS_STATUS_NOT_SUPPORTED;
    return best;
  }

  void* workspace_;
  size_t workspace_bytes_;
  cublasLtHandle_t handle_ = nullptr;
  std::map<Key, cublasLtMatmulHeuristicResult_t> algorithms_;
};

}  // namespace

std::unique_ptr<MatmulLibrary> make_cublaslt(void* workspace, int64_t workspace_bytes) {
  return std::make_unique<CublasLt>(workspace, workspace_bytes);
}

}  // namespace cloze
