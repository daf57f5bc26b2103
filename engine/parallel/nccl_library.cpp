#include "engine/parallel/nccl_library.h"

#include "engine/base/error.h"

#if defined(CLOZE_HAS_NCCL)

#include <dlfcn.h>
#include <fmt/core.h>
#include <nccl.h>

#include <chrono>
#include <cstring>
#include <thread>

namespace cloze {
namespace {

constexpr int least_version = 21400;  // the first whose communicators need not block
constexpr std::chrono::seconds finish_within{10};
constexpr std::chrono::milliseconds look_again{1};

std::string version_text(int code) {
  return fmt::format("{}.{}.{}", code / 10000, code % 10000 / 100, code % 100);
}

[[noreturn]] void throw_unusable(const std::string& file, const std::string& why) {
  throw Error(
      {.what = "NCCL, which sums gradients between GPUs, cannot be used",
       .where = file,
       .why = why,
       .remedy = fmt::format("install NCCL {} or later for CUDA {} (Debian and Ubuntu: libnccl2; PyTorch's "
                             "wheels: nvidia-nccl-cu{}) and name its folder in LD_LIBRARY_PATH; one "
                             "process needs none",
                             version_text(least_version), CUDART_VERSION / 1000, CUDART_VERSION / 1000)});
}

// The functions of the library, by their names in nccl.h.
struct Functions {
  decltype(&ncclGetVersion) get_version;
  decltype(&ncclGetUniqueId) get_unique_id;
  decltype(&ncclCommInitRankConfig) init_rank;
  decltype(&ncclCommFinalize) finalize;
  decltype(&ncclCommDestroy) destroy;
  decltype(&ncclCommAbort) abort;
  decltype(&ncclCommGetAsyncError) get_async_error;
  decltype(&ncclGetErrorString) error_string;
  decltype(&ncclGetLastError) last_error;
  decltype(&ncclGroupStart) group_start;
  decltype(&ncclGroupEnd) group_end;
  decltype(&ncclAllReduce) all_reduce;
  decltype(&ncclReduce) reduce;
  decltype(&ncclReduceScatter) reduce_scatter;
  decltype(&ncclAllGather) all_gather;
  decltype(&ncclBroadcast) broadcast;
};

class Library {
 public:
  explicit Library(const std::string& file)
      : file_(file), handle_(::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) throw_unusable(file, ::dlerror());
    find(functions_.get_version, "ncclGetVersion");
    if (functions_.get_version(&version_) != ncclSuccess || version_ < least_version)
      throw_unusable(file, fmt::format("it is version {}", version_text(version_)));
    find_all();
  }
  // Stays loaded: it has threads of its own.
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const Functions& functions() const { return functions_; }
  int version() const { return version_; }
  void check(ncclResult_t result, const char* call, ncclComm_t communicator = nullptr) const {
    if (result == ncclSuccess || result == ncclInProgress) return;
    throw Error({.what = fmt::format("NCCL: {}: {}", call, describe(result, communicator))});
  }
  std::string describe(ncclResult_t result, ncclComm_t communicator) const {
    const char* more = functions_.last_error(communicator);
    const std::string what = functions_.error_string(result);
    return more == nullptr || *more == '\0' ? what : what + ": " + more;
  }

 private:
  template <typename Function>
  void find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    if (function == nullptr) throw_unusable(file_, fmt::format("it has no {}", name));
  }
  void find_all() {
    find(functions_.get_unique_id, "ncclGetUniqueId");
    find(functions_.init_rank, "ncclCommInitRankConfig");
    find(functions_.finalize, "ncclCommFinalize");
    find(functions_.destroy, "ncclCommDestroy");
    find(functions_.abort, "ncclCommAbort");
    find(functions_.get_async_error, "ncclCommGetAsyncError");
    find(functions_.error_string, "ncclGetErrorString");
    find(functions_.last_error, "ncclGetLastError");
    find(functions_.group_start, "ncclGroupStart");
    find(functions_.group_end, "ncclGroupEnd");
    find(functions_.all_reduce, "ncclAllReduce");
    find(functions_.reduce, "ncclReduce");
    find(functions_.reduce_scatter, "ncclReduceScatter");
    find(functions_.all_gather, "ncclAllGather");
    find(functions_.broadcast, "ncclBroadcast");
  }

  const std::string file_;
  void* handle_;
  Functions functions_{};
  int version_ = 0;
};

ncclDataType_t type_of(NcclType type) {
  switch (type) {
    case NcclType::f32:
      return ncclFloat32;
    case NcclType::bf16:
      return ncclBfloat16;
    case NcclType::byte:
      break;
  }
  return ncclUint8;
}

class RealRank final : public NcclRank {
 public:
  RealRank(const Library& library, const std::string& unique_id, int rank, int size)
      : library_(library), nccl_(library.functions()), rank_(rank) {
    ncclUniqueId id;
    if (unique_id.size() != sizeof id) throw Error({.what = "NCCL's unique id has another size on rank 0"});
    std::memcpy(&id, unique_id.data(), sizeof id);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    library_.check(nccl_.init_rank(&communicator_, size, id, rank, &config), "ncclCommInitRankConfig");
  }
  ~RealRank() override {
    if (communicator_ == nullptr) return;
    if (finished())
      static_cast<void>(nccl_.destroy(communicator_));
    else
      static_cast<void>(nccl_.abort(communicator_));
  }

  NcclState state() override {
    ncclResult_t result = ncclSuccess;
    const ncclResult_t asked = nccl_.get_async_error(communicator_, &result);
    if (asked != ncclSuccess) result = asked;
    if (result == ncclSuccess) return {};
    if (result == ncclInProgress) return {NcclState::Kind::in_progress, {}};
    return {NcclState::Kind::failed, library_.describe(result, communicator_)};
  }

  void group(const std::function<void()>& calls) override {
    library_.check(nccl_.group_start(), "ncclGroupStart");
    try {
      calls();
    } catch (...) {
      static_cast<void>(nccl_.group_end());
      throw;
    }
    library_.check(nccl_.group_end(), "ncclGroupEnd", communicator_);
  }

  void all_reduce(void* values, int64_t count, NcclType type, CUstream_st* stream) override {
    library_.check(nccl_.all_reduce(values, values, static_cast<size_t>(count), type_of(type), ncclSum,
                                    communicator_, stream),
                   "ncclAllReduce", communicator_);
  }
  void reduce(void* values, int64_t count, NcclType type, int root, CUstream_st* stream) override {
    library_.check(nccl_.reduce(values, values, static_cast<size_t>(count), type_of(type), ncclSum, root,
                                communicator_, stream),
                   "ncclReduce", communicator_);
  }
  void reduce_scatter(void* values, int64_t count, NcclType type, CUstream_st* stream) override {
    library_.check(nccl_.reduce_scatter(values, own(values, count, type), static_cast<size_t>(count),
                                        type_of(type), ncclSum, communicator_, stream),
                   "ncclReduceScatter", communicator_);
  }
  void all_gather(void* values, int64_t count, NcclType type, CUstream_st* stream) override {
    library_.check(nccl_.all_gather(own(values, count, type), values, static_cast<size_t>(count),
                                    type_of(type), communicator_, stream),
                   "ncclAllGather", communicator_);
  }
  void broadcast(void* values, int64_t count, NcclType type, int root, CUstream_st* stream) override {
    library_.check(nccl_.broadcast(values, values, static_cast<size_t>(count), type_of(type), root,
                                   communicator_, stream),
                   "ncclBroadcast", communicator_);
  }

  void abort() override {
    static_cast<void>(nccl_.abort(communicator_));
    communicator_ = nullptr;
  }

 private:
  void* own(void* values, int64_t count, NcclType type) const {
    const int64_t bytes = type == NcclType::f32 ? 4 : type == NcclType::bf16 ? 2 : 1;
    return static_cast<char*>(values) + rank_ * count * bytes;
  }
  bool finished() {
    const ncclResult_t begun = nccl_.finalize(communicator_);
    if (begun != ncclSuccess && begun != ncclInProgress) return false;
    const auto until = std::chrono::steady_clock::now() + finish_within;
    while (state().kind == NcclState::Kind::in_progress && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(look_again);
    return state().kind == NcclState::Kind::ready;
  }

  const Library& library_;
  const Functions& nccl_;
  const int rank_;
  ncclComm_t communicator_ = nullptr;
};

class RealNccl final : public NcclLibrary {
 public:
  explicit RealNccl(const std::string& file) : library_(file) {}
  std::string version() const override { return version_text(library_.version()); }
  std::string unique_id() override {
    ncclUniqueId id;
    library_.check(library_.functions().get_unique_id(&id), "ncclGetUniqueId");
    return {reinterpret_cast<const char*>(&id), sizeof id};
  }
  std::unique_ptr<NcclRank> connect(const std::string& unique_id, int rank, int size) override {
    return std::make_unique<RealRank>(library_, unique_id, rank, size);
  }

 private:
  const Library library_;
};

}  // namespace

std::unique_ptr<NcclLibrary> open_nccl(const std::string& file) {
  return std::make_unique<RealNccl>(file);
}

}  // namespace cloze

#else

namespace cloze {

std::unique_ptr<NcclLibrary> open_nccl(const std::string&) {
  throw Error(
      {.what = "NCCL, which sums gradients between GPUs, cannot be used",
       .why = "this program was built without it",
       .remedy = "build it where the CUDA toolkit and nccl.h (libnccl-dev) are found (-DCLOZE_CUDA=ON)"});
}

}  // namespace cloze

#endif
