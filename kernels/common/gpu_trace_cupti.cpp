#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <utility>

#include "kernels/common/cupti_library.h"
#include "kernels/common/gpu_trace.h"

namespace cloze {
namespace {

constexpr CUpti_ActivityKind kinds[] = {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY,
                                        CUPTI_ACTIVITY_KIND_MEMSET};
constexpr size_t buffer_bytes = size_t{1} << 20, alignment = 8;  // as cupti_activity.h asks

void check(CUptiResult result, const char* call) {
  if (result == CUPTI_SUCCESS) return;
  const char* reason = nullptr;
  cupti().result_string(result, &reason);
  std::string text = std::string(call) + ": " + (reason == nullptr ? "?" : reason);
  if (result == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES)
    text += ": the driver lets only administrators trace (NVreg_RestrictProfilingToAdminUsers=0 lets all)";
  if (result == CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED)
    text += ": another profiler holds this program; run it without";
  throw CudaError(text);
}

void require_known_records() {
  uint32_t version = 0;
  check(cupti().get_version(&version), "cuptiGetVersion");
  if (version >= CUPTI_API_VERSION) return;  // newer ones only append to records
  throw CudaError("CUPTI is of version " + std::to_string(version) +
                  ", this program reads records of version " + std::to_string(CUPTI_API_VERSION) +
                  ": take CUPTI of the toolkit it was built with, or newer");
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

// CUPTI calls back without a word of whom it calls for, from threads of its own: the one collector of the
// process takes its buffers.
class GpuTrace::Collector {
 public:
  Collector() {
    if (active_ != nullptr) throw CudaError("a GPU is traced twice at a time");
    require_known_records();
    check(cupti().timestamp(&begin_), "cuptiGetTimestamp");
    steady_begin_ = steady_seconds();
    active_ = this;
    try {
      check(cupti().register_callbacks(give_buffer, take_buffer), "cuptiActivityRegisterCallbacks");
      for (const CUpti_ActivityKind kind : kinds) check(cupti().enable(kind), "cuptiActivityEnable");
    } catch (...) {
      stop();
      throw;
    }
  }
  ~Collector() { stop(); }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  std::vector<GpuActivity> take() {
    check(cupti().flush_all(0), "cuptiActivityFlushAll");
    const std::lock_guard lock(mutex_);
    if (!trouble_.empty()) throw CudaError(trouble_);
    std::vector<GpuActivity> taken = std::exchange(noted_, {});
    std::stable_sort(taken.begin(), taken.end(),
                     [](const GpuActivity& a, const GpuActivity& b) { return a.begin < b.begin; });
    return taken;
  }

 private:
  void stop() noexcept {
    for (const CUpti_ActivityKind kind : kinds) cupti().disable(kind);
    cupti().flush_all(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);  // no buffer of ours stays behind
    active_ = nullptr;
  }

  static void CUPTIAPI give_buffer(uint8_t** buffer, size_t* bytes, size_t* most_records) {
    *buffer = static_cast<uint8_t*>(::operator new(buffer_bytes, std::align_val_t(alignment), std::nothrow));
    *bytes = *buffer == nullptr ? 0 : buffer_bytes;  // CUPTI drops what has no place, and says so
    *most_records = 0;                               // as many as fit
  }

  static void CUPTIAPI take_buffer(CUcontext context, uint32_t stream, uint8_t* buffer, size_t,
                                   size_t filled) {
    if (active_ != nullptr) active_->note_buffer(context, stream, buffer, filled);
    ::operator delete(buffer, std::align_val_t(alignment));
  }

  void note_buffer(CUcontext context, uint32_t stream, uint8_t* buffer, size_t filled) {
    const std::lock_guard lock(mutex_);
    try {
      CUpti_Activity* record = nullptr;
      while (cupti().next_record(buffer, filled, &record) == CUPTI_SUCCESS) note(*record);
      size_t dropped = 0;
      check(cupti().dropped_records(context, stream, &dropped), "cuptiActivityGetNumDroppedRecords");
      if (dropped > 0) trouble_ = "CUPTI lost " + std::to_string(dropped) + " records: profile fewer steps";
    } catch (const std::exception& error) {  // nothing may be thrown through CUPTI
      trouble_ = error.what();
    }
  }

  void note(const CUpti_Activity& record) {
    switch (record.kind) {
      case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL: {
        const auto& kernel = reinterpret_cast<const CUpti_ActivityKernel10&>(record);
        return note(kernel.name == nullptr ? "?" : kernel.name, kernel);
      }
      case CUPTI_ACTIVITY_KIND_MEMCPY:
        return note("copy", reinterpret_cast<const CUpti_ActivityMemcpy6&>(record));
      case CUPTI_ACTIVITY_KIND_MEMSET:
        return note("set", reinterpret_cast<const CUpti_ActivityMemset4&>(record));
      default:
        return;
    }
  }

  template <class Record>
  void note(const char* name, const Record& record) {
    if (record.start == 0 || record.end < record.start) trouble_ = "CUPTI gave a record without times";
    const auto seconds = [&](uint64_t time) {
      return steady_begin_ + static_cast<double>(static_cast<int64_t>(time - begin_)) * 1e-9;
    };
    noted_.push_back({.name = name,
                      .begin = seconds(record.start),
                      .end = seconds(record.end),
                      .replayed = record.graphId != 0});
  }

  static inline Collector* active_ = nullptr;
  uint64_t begin_ = 0;  // nanoseconds of CUPTI's clock at
  double steady_begin_ = 0;
  std::mutex mutex_;
  std::vector<GpuActivity> noted_;
  std::string trouble_;
};

GpuTrace::GpuTrace() : collector_(std::make_unique<Collector>()) {}
GpuTrace::~GpuTrace() = default;

std::vector<GpuActivity> GpuTrace::take() {
  return collector_->take();
}

}  // namespace cloze
