#include "kernels/linear/matmul_cublaslt.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kernels/common/cuda_stream.h"
#include "kernels/linear/cublaslt_library.h"
#include "kernels/linear/matmul_choice.h"

namespace cloze {
namespace {

void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw CudaError(std::string(call) + ": " + cublaslt().status_string(status));
}

void check(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw CudaError(std::string(call) + ": " + cudaGetErrorString(error));
}

cudaDataType_t type_of(DType dtype) {
  if (dtype == DType::bf16) return CUDA_R_16BF;
  if (dtype == DType::f32) return CUDA_R_32F;
  if (dtype == DType::f8_e4m3) return CUDA_R_8F_E4M3;
  if (dtype == DType::f8_e5m2) return CUDA_R_8F_E5M2;
  throw CudaError(std::string("matmul: ") + name_of(dtype) + " is no type of a product on a GPU");
}

// Our left factor is the library's B, and our rows its columns.
cublasLtEpilogue_t to_library(Epilogue epilogue) {
  switch (epilogue) {
    case Epilogue::none:
      return CUBLASLT_EPILOGUE_DEFAULT;
    case Epilogue::bias:
      return CUBLASLT_EPILOGUE_BIAS;
    case Epilogue::bias_gelu:
      return CUBLASLT_EPILOGUE_GELU_BIAS;
    case Epilogue::bias_gelu_kept:
      return CUBLASLT_EPILOGUE_GELU_AUX_BIAS;
    case Epilogue::gelu_gradient:
      return CUBLASLT_EPILOGUE_DGELU;
    case Epilogue::row_sums:
      return CUBLASLT_EPILOGUE_BGRADB;
  }
  return CUBLASLT_EPILOGUE_DEFAULT;
}

// What the library asks of the operands of its epilogues: the output's type, whole groups of 8 elements in a
// row of a pre-activation.
bool can_take(const Matmul& matmul) {
  for (const Tensor& operand : {matmul.bias, matmul.pre_activation, matmul.row_sums}) {
    const bool aligned = reinterpret_cast<uintptr_t>(operand.data) % 16 == 0;
    if (operand && (operand.dtype != matmul.output.dtype || !aligned)) return false;
  }
  return matmul.pre_activation.stride % 8 == 0;
}

// Row-major [rows, columns] is column-major [columns, rows]: the library is asked for
// outputᵀ = op(right)ᵀ · op(left)ᵀ, whose rows take the bias of its epilogue.
class Layout {
 public:
  explicit Layout(const Tensor& tensor) {
    check(cublaslt().layout_create(&layout_, type_of(tensor.dtype), static_cast<uint64_t>(tensor.columns),
                                   static_cast<uint64_t>(tensor.rows), tensor.stride),
          "cublasLtMatrixLayoutCreate");
  }
  ~Layout() { cublaslt().layout_destroy(layout_); }
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;
  cublasLtMatrixLayout_t get() const { return layout_; }

 private:
  cublasLtMatrixLayout_t layout_ = nullptr;
};

class Operation {
 public:
  explicit Operation(const Matmul& matmul) {
    check(cublaslt().operation_create(&operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F),
          "cublasLtMatmulDescCreate");
    set(CUBLASLT_MATMUL_DESC_TRANSA, matmul.transpose_right ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, matmul.transpose_left ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, to_library(matmul.epilogue));
    if (matmul.bias) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, matmul.bias.data);
    if (matmul.row_sums) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, matmul.row_sums.data);
    if (is_float8(matmul.left.dtype)) {
      set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, matmul.right_inverse.data);
      set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, matmul.left_inverse.data);
      set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, static_cast<int8_t>(matmul.quick_sums));
    }
    if (matmul.pre_activation) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, matmul.pre_activation.data);
      set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, matmul.pre_activation.stride);
    }
  }
  ~Operation() { cublaslt().operation_destroy(operation_); }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  cublasLtMatmulDesc_t get() const { return operation_; }

 private:
  template <typename Value>
  void set(cublasLtMatmulDescAttributes_t attribute, const Value& value) {
    check(cublaslt().operation_set(operation_, attribute, &value, sizeof value),
          "cublasLtMatmulDescSetAttribute");
  }
  cublasLtMatmulDesc_t operation_ = nullptr;
};

// One product with its descriptors, for as long as it is called or tried.
struct Product {
  explicit Product(const Matmul& matmul)
      : operation(matmul), right(matmul.right), left(matmul.left), output(matmul.output), operands(matmul) {}
  Operation operation;
  Layout right, left, output;
  Matmul operands;

  cublasStatus_t run(cublasLtHandle_t handle, const MatmulAlgorithm& algorithm, void* target, void* workspace,
                     size_t workspace_bytes, cudaStream_t stream) const {
    const cublasLtMatmulAlgo_t algo = to_library(algorithm);
    const float one = 1, beta = operands.mode == GradientMode::accumulate ? 1.0f : 0.0f;
    return cublaslt().matmul(handle, operation.get(), &one, operands.right.data, right.get(),
                             operands.left.data, left.get(), &beta, target, output.get(), target,
                             output.get(), &algo, workspace, workspace_bytes, stream);
  }

  static cublasLtMatmulAlgo_t to_library(const MatmulAlgorithm& algorithm) {
    cublasLtMatmulAlgo_t algo;
    static_assert(sizeof algo == sizeof algorithm.state);
    std::memcpy(&algo, algorithm.state.data(), sizeof algo);
    return algo;
  }
  static MatmulAlgorithm from_library(const cublasLtMatmulAlgo_t& algo) {
    MatmulAlgorithm algorithm;
    std::memcpy(algorithm.state.data(), &algo, sizeof algo);
    return algorithm;
  }
};

class CublasLt : public MatmulLibrary {
 public:
  CublasLt(const CublasLtOptions& options)
      : workspace_(options.workspace), workspace_bytes_(static_cast<size_t>(options.workspace_bytes)) {
    check(cublaslt().create(&handle_), "cublasLtCreate");
    choices_ = std::make_unique<MatmulChoices>(
        MatmulMachine{options.gpu, "cublasLt " + std::to_string(cublaslt().get_version())},
        options.choices_file, options.say);
  }
  ~CublasLt() override { cublaslt().destroy(handle_); }
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  bool multiply(Cuda& device, const Matmul& matmul) override {
    if (matmul.output.rows == 0) return true;
    if (!can_take(matmul)) return false;
    const Product product(matmul);
    Trials trials(*this, product, device.stream);
    cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
    check(cudaStreamIsCapturing(device.stream, &capture), "cudaStreamIsCapturing");
    const auto algorithm = choices_->choose(shape_of(matmul), trials, capture == cudaStreamCaptureStatusNone);
    if (!algorithm) return false;
    check(product.run(handle_, *algorithm, matmul.output.data, workspace_, workspace_bytes_, device.stream),
          "cublasLtMatmul");
    return true;
  }

 private:
  class Trials final : public MatmulTrials {
   public:
    Trials(CublasLt& library, const Product& product, cudaStream_t stream)
        : library_(library), product_(product), stream_(stream) {}
    ~Trials() override {
      // Not of nothing: even that is forbidden while a graph is recorded.
      if (scratch_ != nullptr) static_cast<void>(cudaFree(scratch_));
    }
    std::vector<MatmulAlgorithm> proposals() override;
    bool usable(const MatmulAlgorithm& algorithm) override;
    bool can_time() override;
    std::optional<double> time(const MatmulAlgorithm& algorithm) override;

   private:
    // Where trials write: the output itself, unless it is added to.
    void* target() const { return scratch_ != nullptr ? scratch_ : product_.operands.output.data; }
    CublasLt& library_;
    const Product& product_;
    cudaStream_t stream_;
    void* scratch_ = nullptr;
  };

  void* workspace_;
  size_t workspace_bytes_;
  cublasLtHandle_t handle_ = nullptr;
  std::unique_ptr<MatmulChoices> choices_;
};

std::vector<MatmulAlgorithm> CublasLt::Trials::proposals() {
  constexpr int most = 32;
  cublasLtMatmulPreference_t preference = nullptr;
  check(cublaslt().preference_create(&preference), "cublasLtMatmulPreferenceCreate");
  const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
    check(cublaslt().preference_set(preference, attribute, &value, sizeof value),
          "cublasLtMatmulPreferenceSetAttribute");
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, library_.workspace_bytes_);
  // A depth that is split among blocks is summed in f32, whatever the output is.
  set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  const auto alignment = static_cast<uint32_t>(shape_of(product_.operands).alignment);
  for (const auto operand :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    set(operand, alignment);
  std::array<cublasLtMatmulHeuristicResult_t, most> found = {};
  int count = 0;
  const cublasStatus_t status = cublaslt().get_heuristic(
      library_.handle_, product_.operation.get(), product_.right.get(), product_.left.get(),
      product_.output.get(), product_.output.get(), preference, most, found.data(), &count);
  cublaslt().preference_destroy(preference);
  std::vector<MatmulAlgorithm> algorithms;
  if (status != CUBLAS_STATUS_SUCCESS) return algorithms;
  for (int i = 0; i < count; ++i)
    if (found[i].state == CUBLAS_STATUS_SUCCESS) algorithms.push_back(Product::from_library(found[i].algo));
  return algorithms;
}

bool CublasLt::Trials::usable(const MatmulAlgorithm& algorithm) {
  const cublasLtMatmulAlgo_t algo = Product::to_library(algorithm);
  cublasLtMatmulHeuristicResult_t result = {};
  const cublasStatus_t status = cublaslt().check_algorithm(
      library_.handle_, product_.operation.get(), product_.right.get(), product_.left.get(),
      product_.output.get(), product_.output.get(), &algo, &result);
  return status == CUBLAS_STATUS_SUCCESS && result.workspaceSize <= library_.workspace_bytes_;
}

bool CublasLt::Trials::can_time() {
  const Tensor& output = product_.operands.output;
  if (product_.operands.mode == GradientMode::overwrite || scratch_ != nullptr) return true;
  const auto bytes = static_cast<size_t>(output.rows * output.stride) * size_of(output.dtype);
  const cudaError_t error = cudaMalloc(&scratch_, bytes);
  if (error == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());  // or the next launch would report it
    return false;
  }
  check(error, "cudaMalloc");
  check(cudaMemsetAsync(scratch_, 0, bytes, stream_), "cudaMemsetAsync");
  return true;
}

std::optional<double> CublasLt::Trials::time(const MatmulAlgorithm& algorithm) {
  constexpr int rounds = 3, runs = 5;
  const auto run = [&] {
    return product_.run(library_.handle_, algorithm, target(), library_.workspace_, library_.workspace_bytes_,
                        stream_) == CUBLAS_STATUS_SUCCESS;
  };
  const auto wait = [&](const char* reason) { check(cudaStreamSynchronize(stream_), reason); };
  wait("a launch before a matrix product");  // its faults are not this algorithm's
  if (!run()) return std::nullopt;
  wait("cublasLtMatmul");
  CudaTimedEvent begin, end;
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < rounds; ++round) {
    begin.record(stream_);
    for (int i = 0; i < runs; ++i)
      if (!run()) return std::nullopt;
    end.record(stream_);
    end.wait();
    least = std::min(least, end.seconds_since(begin));
  }
  return least / runs;
}

}  // namespace

std::unique_ptr<MatmulLibrary> make_cublaslt(const CublasLtOptions& options) {
  return std::make_unique<CublasLt>(options);
}

}  // namespace cloze
