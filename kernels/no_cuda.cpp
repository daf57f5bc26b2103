// Answers for Cuda in a build without the CUDA toolkit: every call says so. No kernel is ever reached,
// because open_cuda gives no device.
#include "kernels/activation/activation.h"
#include "kernels/attention/attention.h"
#include "kernels/common/cuda_graph.h"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/cuda_stream.h"
#include "kernels/common/profile_range.h"
#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/embedding/embedding.h"
#include "kernels/layer_norm/layer_norm.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/linear_gelu.h"
#include "kernels/linear/open_cuda.h"
#include "kernels/linear/scaled_product.h"
#include "kernels/optimizer/optimizer.h"
#include "kernels/quantize/quantize.h"
#include "kernels/quantize/quantized_activation.h"
#include "kernels/quantize/scaling.h"
#include "kernels/rows/rows.h"
#include "kernels/segment_cross_entropy/segment_cross_entropy.h"
#include "kernels/segment_pooling/segment_pooling.h"
#include "kernels/squared_error/squared_error.h"

namespace cloze {
namespace {

[[noreturn]] void refuse() {
  throw CudaError(
      "this program was built without CUDA: build it where the CUDA toolkit is found (-DCLOZE_CUDA=ON), or "
      "train with device: cpu");
}

}  // namespace

std::unique_ptr<OpenCuda> open_cuda(const OpenCudaOptions&) {
  refuse();
}
int visible_gpus() {
  return 0;
}
ProfileRange::ProfileRange(const char*) {}
ProfileRange::~ProfileRange() = default;
void* cuda_allocate(int64_t) {
  refuse();
}
void cuda_free(void*) noexcept {}
void cuda_clear(Cuda&, void*, int64_t) {
  refuse();
}
void cuda_copy_in(Cuda&, void*, const void*, int64_t) {
  refuse();
}
void cuda_copy_within(Cuda&, void*, const void*, int64_t) {
  refuse();
}
void cuda_copy_out(Cuda&, void*, const void*, int64_t) {
  refuse();
}

CudaOutOfMemory::CudaOutOfMemory(int64_t, int64_t, int64_t) : CudaError(""), asked(0), free(0), total(0) {}
CudaEvent::CudaEvent() {
  refuse();
}
CudaEvent::~CudaEvent() = default;
void CudaEvent::record(CUstream_st*) {
  refuse();
}
void CudaEvent::make_wait(CUstream_st*) const {
  refuse();
}
void CudaEvent::wait() const {
  refuse();
}
CudaTimedEvent::CudaTimedEvent() {
  refuse();
}
CudaTimedEvent::~CudaTimedEvent() = default;
CudaTimedEvent::CudaTimedEvent(CudaTimedEvent&&) noexcept {}
void CudaTimedEvent::record(CUstream_st*) {
  refuse();
}
void CudaTimedEvent::wait() const {
  refuse();
}
double CudaTimedEvent::seconds_since(const CudaTimedEvent&) const {
  refuse();
}
CudaStream::CudaStream() {
  refuse();
}
CudaStream::~CudaStream() = default;
void CudaStream::wait() const {
  refuse();
}
PinnedMemory::PinnedMemory(int64_t) {
  refuse();
}
PinnedMemory::~PinnedMemory() = default;
void cuda_copy_async(CUstream_st*, void*, const void*, int64_t, CopyKind) {
  refuse();
}

void CudaGraph::record(Cuda&, const std::function<void()>&) {
  refuse();
}
void CudaGraph::replay(Cuda&) {
  refuse();
}
void CudaGraph::reset() noexcept {}

void activation_forward(Cuda&, const ActivationForward&) {
  refuse();
}
void activation_backward(Cuda&, const ActivationBackward&) {
  refuse();
}
void attention_work(Cuda&, const AttentionWork&) {
  refuse();
}
void attention_forward(Cuda&, const AttentionForward&) {
  refuse();
}
void attention_backward(Cuda&, const AttentionBackward&) {
  refuse();
}
void cross_entropy(Cuda&, const CrossEntropy&) {
  refuse();
}
void segment_cross_entropy(Cuda&, const SegmentCrossEntropy&) {
  refuse();
}
void segment_pool_forward(Cuda&, const SegmentPoolForward&) {
  refuse();
}
void segment_pool_backward(Cuda&, const SegmentPoolBackward&) {
  refuse();
}
void squared_error(Cuda&, const SquaredError&) {
  refuse();
}
void add(Cuda&, const Add&) {
  refuse();
}
void add_bias(Cuda&, const AddBias&) {
  refuse();
}
void cast(Cuda&, const Cast&) {
  refuse();
}
void dropout_apply(Cuda&, const DropoutApply&) {
  refuse();
}
void column_sum(Cuda&, const ColumnSum&) {
  refuse();
}
void embedding_forward(Cuda&, const EmbeddingForward&) {
  refuse();
}
void embedding_backward(Cuda&, const EmbeddingBackward&) {
  refuse();
}
void layer_norm_forward(Cuda&, const LayerNormForward&) {
  refuse();
}
void layer_norm_backward(Cuda&, const LayerNormBackward&) {
  refuse();
}
void linear_forward(Cuda&, const LinearForward&) {
  refuse();
}
void linear_input_gradient(Cuda&, const LinearInputGradient&) {
  refuse();
}
void linear_weight_gradient(Cuda&, const LinearWeightGradient&) {
  refuse();
}
void linear_gelu(Cuda&, const LinearGelu&) {
  refuse();
}
void linear_gelu_gradient(Cuda&, const LinearGeluGradient&) {
  refuse();
}
void gradient_norm(Cuda&, const GradientNorm&) {
  refuse();
}
void adamw(Cuda&, const AdamW&) {
  refuse();
}
void lamb(Cuda&, const Lamb&) {
  refuse();
}
void lamb_moments(Cuda&, const Lamb&) {
  refuse();
}
void lamb_parameters(Cuda&, const Lamb&) {
  refuse();
}
void quantize(Cuda&, const Quantize&) {
  refuse();
}
void quantized_activation(Cuda&, const QuantizedActivation&) {
  refuse();
}
void quantized_activation_gradient(Cuda&, const QuantizedActivationGradient&) {
  refuse();
}
void collect_maxima(Cuda&, const CollectMaxima&) {
  refuse();
}
void update_scaling(Cuda&, const UpdateScaling&) {
  refuse();
}
void scaled_product(Cuda&, const ScaledProduct&) {
  refuse();
}
void gather_rows(Cuda&, const GatherRows&) {
  refuse();
}
void scatter_rows(Cuda&, const ScatterRows&) {
  refuse();
}

}  // namespace cloze
