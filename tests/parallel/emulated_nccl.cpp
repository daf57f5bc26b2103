#include "tests/parallel/emulated_nccl.h"

#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "kernels/common/bfloat16.h"
#include "tests/simt/simt.h"
#include "tests/simt/streams.h"

namespace cloze::testing {
namespace {

constexpr int most_ranks = 4;
constexpr int64_t slot_bytes = int64_t{4} << 20;  // a collective takes no more
constexpr int polls_until_issued = 3;
constexpr std::chrono::microseconds look_again{20};
constexpr std::chrono::seconds stuck_for{5};
constexpr std::chrono::seconds no_test_takes_so_long{60};

enum class Kind : uint8_t { all_reduce, reduce, reduce_scatter, all_gather, broadcast };

struct Operation {
  Kind kind;
  NcclType type;
  int root;
  int64_t count;  // of each rank for reduce_scatter and all_gather
  std::byte* values;
};

// The same number on all ranks where they give the same collective.
uint64_t signature(const Operation& operation) {
  return (static_cast<uint64_t>(operation.count) << 16) | (static_cast<uint64_t>(operation.root) << 8) |
         (static_cast<uint64_t>(operation.kind) << 4) | static_cast<uint64_t>(operation.type);
}

int64_t size_of(NcclType type) {
  return type == NcclType::f32 ? 4 : type == NcclType::bf16 ? 2 : 1;
}

struct Slot {
  std::atomic<int64_t> given, taken;  // collectives that the rank has come to, and has done
  std::atomic<uint64_t> signature;
  std::array<std::byte, slot_bytes> data;
};

}  // namespace

struct NcclBoard::Shared {
  int size;
  NcclFault fault;
  std::atomic<int> joined;
  std::array<char, 128> id;
  std::array<Slot, most_ranks> slots;

  bool fails(NcclFault::Kind kind, int rank, int64_t call) const {
    return fault.kind == kind && fault.rank == rank &&
           (fault.call == call || kind == NcclFault::Kind::no_library);
  }
};

// What the streams of a rank work on; outlives the rank where it was aborted.
class EmulatedWork {
 public:
  using Shared = NcclBoard::Shared;
  EmulatedWork(Shared& shared, int rank) : shared_(shared), rank_(rank) {}

  void abort() { aborted_ = true; }
  bool failed() const { return failed_; }

  // Of one call, when the stream comes to it.
  void run(const std::vector<Operation>& operations) {
    ++calls_;
    if (shared_.fails(NcclFault::Kind::lost, rank_, calls_)) ::_exit(9);
    failed_ = failed_ || shared_.fails(NcclFault::Kind::error, rank_, calls_);
    if (failed_ || shared_.fails(NcclFault::Kind::hang, rank_, calls_)) wait_until([] { return false; });
    for (const Operation& operation : operations) {
      if (!perform(operation)) leave_anything(operation);
    }
  }

 private:
  // False where it was aborted.
  template <typename Condition>
  bool wait_until(const Condition& met) const {
    const auto until = std::chrono::steady_clock::now() + no_test_takes_so_long;
    while (!met()) {
      if (aborted_) return false;
      if (std::chrono::steady_clock::now() > until) {
        fmt::print(stderr, "rank {}: a collective was never ended\n", rank_);
        ::_exit(8);
      }
      std::this_thread::sleep_for(look_again);
    }
    return !aborted_;
  }
  bool all(std::atomic<int64_t> Slot::*reached, int64_t number) const {
    for (int rank = 0; rank < shared_.size; ++rank) {
      if (slot(rank).*reached < number) return false;
    }
    return true;
  }
  Slot& slot(int rank) const { return shared_.slots[static_cast<size_t>(rank)]; }

  bool perform(const Operation& operation) {
    const int64_t number = ++operations_;
    if (!wait_until([&] { return all(&Slot::taken, number - 1); })) return false;
    give(operation);
    slot(rank_).signature = signature(operation);
    slot(rank_).given = number;
    if (!wait_until([&] { return all(&Slot::given, number); })) return false;
    for (int rank = 0; rank < shared_.size; ++rank)
      failed_ = failed_ || slot(rank).signature != signature(operation);
    if (failed_) return wait_until([] { return false; });
    take(operation);
    slot(rank_).taken = number;
    return true;
  }

  int64_t whole_bytes(const Operation& operation) const {
    const bool by_rank = operation.kind == Kind::reduce_scatter || operation.kind == Kind::all_gather;
    return operation.count * size_of(operation.type) * (by_rank ? shared_.size : 1);
  }
  void give(const Operation& operation) const {
    const int64_t bytes = whole_bytes(operation), each = operation.count * size_of(operation.type);
    if (bytes > slot_bytes) throw std::logic_error("the collective is larger than a test may have");
    if (operation.kind == Kind::broadcast && operation.root != rank_) return;
    const bool own_only = operation.kind == Kind::all_gather;
    const std::byte* from = operation.values + (own_only ? rank_ * each : 0);
    simt::require_written(from, own_only ? each : bytes);
    std::memcpy(slot(rank_).data.data(), from, static_cast<size_t>(own_only ? each : bytes));
  }
  void take(const Operation& operation) const {
    const int64_t each = operation.count * size_of(operation.type);
    switch (operation.kind) {
      case Kind::all_reduce:
        return add_up(operation, 0, operation.count);
      case Kind::reduce:
        if (operation.root == rank_) add_up(operation, 0, operation.count);
        return;
      case Kind::reduce_scatter:
        return add_up(operation, rank_ * operation.count, (rank_ + 1) * operation.count);
      case Kind::all_gather:
        for (int rank = 0; rank < shared_.size; ++rank)
          write(operation.values + rank * each, slot(rank), each);
        return;
      case Kind::broadcast:
        return write(operation.values, slot(operation.root), each);
    }
  }
  static void write(std::byte* target, const Slot& source, int64_t bytes) {
    std::memcpy(target, source.data.data(), static_cast<size_t>(bytes));
    simt::mark_written(target, bytes);
  }
  void add_up(const Operation& operation, int64_t begin, int64_t end) const {
    if (operation.type == NcclType::bf16) {
      add_as<BFloat16>(operation, begin, end, [](BFloat16 sum, BFloat16 value) {
        return to_bfloat16(to_float(sum) + to_float(value));
      });
    } else {
      add_as<float>(operation, begin, end, [](float sum, float value) { return sum + value; });
    }
  }
  template <typename T, typename Plus>
  void add_as(const Operation& operation, int64_t begin, int64_t end, const Plus& plus) const {
    auto* target = reinterpret_cast<T*>(operation.values);
    for (int64_t i = begin; i < end; ++i) {
      T sum = reinterpret_cast<const T*>(slot(0).data.data())[i];
      for (int rank = 1; rank < shared_.size; ++rank)
        sum = plus(sum, reinterpret_cast<const T*>(slot(rank).data.data())[i]);
      target[i] = sum;
    }
    simt::mark_written(target + begin, (end - begin) * static_cast<int64_t>(sizeof(T)));
  }
  void leave_anything(const Operation& operation) const {
    const int64_t bytes = whole_bytes(operation);
    std::memset(operation.values, 0xFF, static_cast<size_t>(bytes));
    simt::mark_written(operation.values, bytes);
  }

  Shared& shared_;
  const int rank_;
  std::atomic<bool> aborted_ = false, failed_ = false;
  int64_t calls_ = 0, operations_ = 0;
};

class EmulatedRank final : public NcclRank {
 public:
  EmulatedRank(NcclBoard::Shared& shared, int rank)
      : shared_(shared), rank_(rank), work_(std::make_shared<EmulatedWork>(shared, rank)) {
    if (shared_.fails(NcclFault::Kind::lost, rank_, 0)) ::_exit(9);
    if (shared_.fails(NcclFault::Kind::stuck, rank_, 0)) std::this_thread::sleep_for(stuck_for);
    ++shared_.joined;
  }

  // Its own thread drives the device; others only look.
  NcclState state() override {
    if (work_->failed() || shared_.fails(NcclFault::Kind::error, rank_, 0))
      return {NcclState::Kind::failed, "unhandled system error"};
    if (shared_.joined < shared_.size || shared_.fails(NcclFault::Kind::hang, rank_, 0))
      return {NcclState::Kind::in_progress, {}};
    if (pending_.empty()) return {};
    if (std::this_thread::get_id() == thread_ && --polls_ == 0) {
      simt::submit_for_later(stream_,
                             [work = work_, operations = std::exchange(pending_, {}),
                              held = simt::capturing() ? recorded_ : nullptr] { work->run(operations); });
      return {};
    }
    return {NcclState::Kind::in_progress, {}};
  }
  void group(const std::function<void()>& calls) override {
    require_ready();
    grouped_ = true;
    calls();
    grouped_ = false;
  }
  void all_reduce(void* values, int64_t count, NcclType type, CUstream_st* stream) override {
    add(stream, {Kind::all_reduce, type, 0, count, static_cast<std::byte*>(values)});
  }
  void reduce(void* values, int64_t count, NcclType type, int root, CUstream_st* stream) override {
    add(stream, {Kind::reduce, type, root, count, static_cast<std::byte*>(values)});
  }
  void reduce_scatter(void* values, int64_t count, NcclType type, CUstream_st* stream) override {
    add(stream, {Kind::reduce_scatter, type, 0, count, static_cast<std::byte*>(values)});
  }
  void all_gather(void* values, int64_t count, NcclType type, CUstream_st* stream) override {
    add(stream, {Kind::all_gather, type, 0, count, static_cast<std::byte*>(values)});
  }
  void broadcast(void* values, int64_t count, NcclType type, int root, CUstream_st* stream) override {
    add(stream, {Kind::broadcast, type, root, count, static_cast<std::byte*>(values)});
  }
  // As NCCL does since 2.26, it returns when no graph that was recorded with it is left.
  void abort() override {
    work_->abort();
    const auto until = std::chrono::steady_clock::now() + no_test_takes_so_long;
    while (recorded_.use_count() > 1) {
      if (std::chrono::steady_clock::now() > until) {
        fmt::print(stderr, "rank {}: recorded steps outlive their communicator\n", rank_);
        ::_exit(8);
      }
      std::this_thread::sleep_for(look_again);
    }
  }

 private:
  void require_ready() const {
    if (!pending_.empty() || shared_.joined < shared_.size)
      throw std::logic_error("NCCL is called before it is ready");
  }
  void add(CUstream_st* stream, const Operation& operation) {
    if (!grouped_) require_ready();
    if (operation.count == 0) throw std::logic_error("a collective of nothing");
    pending_.push_back(operation);
    stream_ = stream;
    polls_ = polls_until_issued;
  }

  NcclBoard::Shared& shared_;
  const int rank_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::shared_ptr<EmulatedWork> work_;
  const std::shared_ptr<int> recorded_ = std::make_shared<int>();  // also held by graphs
  std::vector<Operation> pending_;                                 // called, and not yet on the stream
  CUstream_st* stream_ = nullptr;
  bool grouped_ = false;
  int polls_ = 0;
};

class EmulatedNccl final : public NcclLibrary {
 public:
  EmulatedNccl(NcclBoard::Shared& shared, int rank) : shared_(shared) {
    if (shared_.fails(NcclFault::Kind::no_library, rank, 0))
      throw Error({.what = "there is no libnccl.so.2"});
  }
  std::string version() const override { return "2.0.0"; }
  // Bytes of every value, as NCCL's are.
  std::string unique_id() override {
    for (size_t i = 0; i < shared_.id.size(); ++i) shared_.id[i] = static_cast<char>(3 * i);
    return {shared_.id.data(), shared_.id.size()};
  }
  std::unique_ptr<NcclRank> connect(const std::string& unique_id, int rank, int size) override {
    if (unique_id != std::string(shared_.id.data(), shared_.id.size()) || size != shared_.size)
      throw Error({.what = "this is the id of other ranks"});
    return std::make_unique<EmulatedRank>(shared_, rank);
  }

 private:
  NcclBoard::Shared& shared_;
};

NcclBoard::NcclBoard(int size, const NcclFault& fault) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || size > most_ranks) throw std::bad_alloc();
  shared_ = static_cast<Shared*>(memory);  // zero, as all of it begins
  shared_->size = size;
  shared_->fault = fault;
}
NcclBoard::~NcclBoard() {
  ::munmap(shared_, sizeof(Shared));
}

std::function<std::unique_ptr<NcclLibrary>()> NcclBoard::opener(int rank) const {
  return [shared = shared_, rank] { return std::make_unique<EmulatedNccl>(*shared, rank); };
}

}  // namespace cloze::testing
