#include "tests/simt/emulated_cupti.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <set>
#include <utility>

#include "kernels/common/cupti_library.h"
#include "tests/simt/activities.h"

namespace cloze {
namespace simt {
namespace {

struct Buffer {
  uint8_t* memory = nullptr;
  size_t bytes = 0, filled = 0;
};

CuptiFaults faults;
CUpti_BuffersCallbackRequestFunc request = nullptr;
CUpti_BuffersCallbackCompleteFunc complete = nullptr;
std::set<CUpti_ActivityKind> enabled;
Buffer current;
int64_t given = 0;
// CUPTI's clock begins elsewhere than the host's.
constexpr uint64_t clock_offset = 1'700'000'000'000'000'000;

void give_back() {
  if (current.memory == nullptr) return;
  --given;
  const Buffer full = std::exchange(current, {});
  complete(nullptr, 0, full.memory, full.bytes, full.filled);
}

template <class Record>
void write(const Record& record) {
  if (current.memory == nullptr || current.filled + sizeof(Record) > current.bytes) {
    give_back();
    size_t most_records = 1;
    request(&current.memory, &current.bytes, &most_records);
    ++given;
  }
  std::memcpy(current.memory + current.filled, &record, sizeof(Record));
  current.filled += sizeof(Record);
}

// Names live as long as the program, as in CUPTI.
const char* kept_name(const std::string& name) {
  static std::set<std::string> names;
  return names.insert(name).first->c_str();
}

template <class Record>
Record record_of(CUpti_ActivityKind kind, const Activity& activity) {
  Record record{};
  record.kind = kind;
  const bool without_times = std::exchange(faults.without_times, false);
  record.start = without_times ? 0 : activity.begin + clock_offset;
  record.end = without_times ? 0 : activity.end + clock_offset;
  record.graphId = activity.graph;
  return record;
}

void note(const Activity& activity) {
  if (activity.graph != 0 && faults.notes_no_graphs) return;
  if (activity.kind == ActivityKind::kernel && enabled.contains(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL)) {
    auto record = record_of<CUpti_ActivityKernel10>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, activity);
    const bool renamed = activity.graph != 0 && !faults.renamed_replayed.empty();
    record.name = kept_name(renamed ? faults.renamed_replayed : activity.name);
    write(record);
  }
  if (activity.kind == ActivityKind::copy && enabled.contains(CUPTI_ACTIVITY_KIND_MEMCPY))
    write(record_of<CUpti_ActivityMemcpy6>(CUPTI_ACTIVITY_KIND_MEMCPY, activity));
  if (activity.kind == ActivityKind::set && enabled.contains(CUPTI_ACTIVITY_KIND_MEMSET))
    write(record_of<CUpti_ActivityMemset4>(CUPTI_ACTIVITY_KIND_MEMSET, activity));
}

size_t size_of_record(CUpti_ActivityKind kind) {
  switch (kind) {
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
      return sizeof(CUpti_ActivityKernel10);
    case CUPTI_ACTIVITY_KIND_MEMCPY:
      return sizeof(CUpti_ActivityMemcpy6);
    default:
      return sizeof(CUpti_ActivityMemset4);
  }
}

CUptiResult get_version(uint32_t* version) {
  *version = faults.version == 0 ? CUPTI_API_VERSION : faults.version;
  return CUPTI_SUCCESS;
}
CUptiResult result_string(CUptiResult result, const char** text) {
  *text =
      result == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES ? "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES" : "CUPTI_ERROR";
  return CUPTI_SUCCESS;
}
CUptiResult timestamp(uint64_t* now) {
  *now = activity_clock() + clock_offset;
  return CUPTI_SUCCESS;
}
CUptiResult register_callbacks(CUpti_BuffersCallbackRequestFunc on_request,
                               CUpti_BuffersCallbackCompleteFunc on_complete) {
  request = on_request;
  complete = on_complete;
  return CUPTI_SUCCESS;
}
CUptiResult enable(CUpti_ActivityKind kind) {
  if (faults.refuses) return CUPTI_ERROR_INSUFFICIENT_PRIVILEGES;
  enabled.insert(kind);
  observe_activities(note);
  return CUPTI_SUCCESS;
}
CUptiResult disable(CUpti_ActivityKind kind) {
  enabled.erase(kind);
  if (enabled.empty()) observe_activities({});
  return CUPTI_SUCCESS;
}
CUptiResult flush_all(uint32_t) {
  give_back();
  return CUPTI_SUCCESS;
}
// `record` is the one before, or none.
CUptiResult next_record(uint8_t* buffer, size_t filled, CUpti_Activity** record) {
  const auto* before = reinterpret_cast<const uint8_t*>(*record);
  const size_t at =
      before == nullptr ? 0 : static_cast<size_t>(before - buffer) + size_of_record((*record)->kind);
  if (at >= filled) return CUPTI_ERROR_MAX_LIMIT_REACHED;
  *record = reinterpret_cast<CUpti_Activity*>(buffer + at);
  return CUPTI_SUCCESS;
}
CUptiResult dropped_records(CUcontext, uint32_t, size_t* dropped) {
  *dropped = static_cast<size_t>(faults.lost);
  return CUPTI_SUCCESS;
}

}  // namespace

void set_cupti_faults(const CuptiFaults& next) {
  faults = next;
}
int64_t cupti_buffers() {
  return given;
}

}  // namespace simt

const CuptiLibrary& cupti() {
  using namespace simt;
  static const CuptiLibrary library{.get_version = get_version,
                                    .result_string = result_string,
                                    .timestamp = timestamp,
                                    .register_callbacks = register_callbacks,
                                    .enable = enable,
                                    .disable = disable,
                                    .flush_all = flush_all,
                                    .next_record = next_record,
                                    .dropped_records = dropped_records};
  return library;
}

}  // namespace cloze
