#include "engine/parallel/nccl_communicator.h"

#include <functional>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "kernels/common/cuda_memory.h"
#include "kernels/common/cuda_stream.h"
#include "kernels/elementwise/elementwise.h"

namespace cloze {
namespace {

// Memory of the device that numbers are rounded into.
class DeviceBytes {
 public:
  explicit DeviceBytes(int64_t bytes) : bytes_(bytes), data_(cuda_allocate(bytes)) {}
  ~DeviceBytes() { cuda_free(data_); }
  DeviceBytes(const DeviceBytes&) = delete;
  DeviceBytes& operator=(const DeviceBytes&) = delete;
  int64_t bytes() const { return bytes_; }
  BFloat16* data() const { return static_cast<BFloat16*>(data_); }

 private:
  int64_t bytes_;
  void* data_;
};

// `count` numbers in another type.
template <typename From, typename To>
void convert(Cuda& device, From* from, To* to, int64_t count) {
  const auto flat = [&](auto* values) {
    using Element = std::remove_pointer_t<decltype(values)>;
    return Tensor{
        .data = values, .dtype = DTypeOf<Element>::value, .rows = 1, .columns = count, .stride = count};
  };
  cast_flat(device, flat(from), flat(to));
}

class NcclCommunicator final : public Communicator {
 public:
  NcclCommunicator(std::unique_ptr<Membership> membership, Cuda& device, const NcclOptions& options)
      : rank_(membership->identity().rank),
        size_(membership->identity().size),
        membership_(std::move(membership)),
        device_(device),
        own_(device),
        link_(*membership_, options) {
    own_.stream = stream_.get();
  }
  // The watch over the job ends what will never be done.
  ~NcclCommunicator() override {
    try {
      stream_.wait();
    } catch (const CudaError&) {
      // The device is in no state to do anything.
    }
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  std::unique_ptr<Collective> all_reduce(std::span<float> values, Wire wire) override {
    const int64_t count = count_of(values);
    return make(values, wire, [=, this](void* sent, NcclType type) {
      link_.issue([&](NcclRank& nccl) { nccl.all_reduce(sent, count, type, own_.stream); });
      return Share{0, count};
    });
  }
  std::unique_ptr<Collective> reduce_scatter(std::span<float> values, Wire wire) override {
    const int64_t count = count_of(values);
    return make(values, wire, [=, this](void* sent, NcclType type) {
      sum_shares(sent, count, type);
      return share_of(count, rank_, size_);
    });
  }
  std::unique_ptr<Collective> all_gather(std::span<float> values) override {
    const int64_t count = count_of(values);
    return make(values, Wire::f32, [=, this](void* sent, NcclType type) {
      gather_shares(sent, count, type);
      return Share{0, count};
    });
  }
  std::unique_ptr<Collective> broadcast(std::span<std::byte> bytes, int root) override {
    return running([=, this] {
      if (bytes.empty()) return;
      link_.issue([&](NcclRank& nccl) {
        nccl.broadcast(bytes.data(), static_cast<int64_t>(bytes.size()), NcclType::byte, root, own_.stream);
      });
    });
  }

  void wait_for_all() override {
    link_.check();
    if (started_ == waited_) return;
    all_done_.record(own_.stream);
    all_done_.make_wait(device_.stream);
    waited_ = started_;
  }
  // The host of a GPU does not see a collective end. That a run began is enough to find who did not begin it.
  void before_run() override {
    link_.check();
    membership_->entered();
    membership_->left();
  }

  void barrier() override { exchange({}); }
  std::vector<std::string> exchange(const std::string& text) override {
    link_.check();
    const double began = seconds_now();
    std::vector<std::string> texts = link_.exchange(text);
    seconds_waited_ += seconds_now() - began;
    return texts;
  }

  void note_progress() override { membership_->progress(); }
  void excuse(bool busy) override { membership_->excuse(busy); }
  double seconds_waited() const override { return seconds_waited_; }
  void abort(const std::string& reason) override { link_.abort(reason); }

 private:
  class Running final : public Collective {
   public:
    Running(NcclCommunicator& owner, std::function<void()> work) : owner_(owner), work_(std::move(work)) {}
    // Dropped before anything waits for it, as an exception passes: the memory may be gone next.
    ~Running() override {
      if (ticket_ > owner_.waited_) owner_.abort("it ended in the middle of a step");
    }
    void start() override {
      owner_.link_.check();
      before_.record(owner_.device_.stream);
      before_.make_wait(owner_.own_.stream);
      ticket_ = ++owner_.started_;
      work_();
      after_.record(owner_.own_.stream);
    }
    // One that was started later has ended later.
    void wait() override {
      owner_.link_.check();
      if (ticket_ <= owner_.waited_) return;
      after_.make_wait(owner_.device_.stream);
      owner_.waited_ = ticket_;
    }

   private:
    NcclCommunicator& owner_;
    std::function<void()> work_;
    CudaEvent before_, after_;
    int64_t ticket_ = 0;
  };

  static int64_t count_of(std::span<float> values) { return static_cast<int64_t>(values.size()); }
  std::unique_ptr<Collective> running(std::function<void()> work) {
    return std::make_unique<Running>(*this, std::move(work));
  }

  // `travel(memory, type)` moves the numbers, rounded for Wire::bf16, and says which of them it has made.
  template <typename Travel>
  std::unique_ptr<Collective> make(std::span<float> values, Wire wire, Travel travel) {
    if (values.empty()) return running([] {});
    if (wire == Wire::f32) return running([=] { travel(values.data(), NcclType::f32); });
    return running([=, this, rounded = buffer(count_of(values))] {
      convert(own_, values.data(), rounded->data(), count_of(values));
      const Share made = travel(rounded->data(), NcclType::bf16);
      convert(own_, rounded->data() + made.begin, values.data() + made.begin, made.size());
    });
  }

  // Collectives keep the one they were made with, for recorded steps hold its address.
  std::shared_ptr<DeviceBytes> buffer(int64_t count) {
    const auto bytes = count * static_cast<int64_t>(sizeof(BFloat16));
    if (!buffer_ || buffer_->bytes() < bytes) buffer_ = std::make_shared<DeviceBytes>(bytes);
    return buffer_;
  }

  bool shares_are_equal(int64_t count) const { return count % (share_alignment * size_) == 0; }
  // call(share, its rank) for all shares that are not empty, begun together.
  template <typename Call>
  void for_each_share(NcclRank& nccl, int64_t count, const Call& call) const {
    nccl.group([&] {
      for (int of = 0; of < size_; ++of) {
        const Share share = share_of(count, of, size_);
        if (share.size() > 0) call(share, of);
      }
    });
  }
  static void* at(void* values, NcclType type, int64_t index) {
    const int64_t bytes = type == NcclType::bf16 ? sizeof(BFloat16) : sizeof(float);
    return static_cast<std::byte*>(values) + index * bytes;
  }
  void sum_shares(void* values, int64_t count, NcclType type) {
    link_.issue([&](NcclRank& nccl) {
      if (shares_are_equal(count)) return nccl.reduce_scatter(values, count / size_, type, own_.stream);
      for_each_share(nccl, count, [&](const Share& share, int of) {
        nccl.reduce(at(values, type, share.begin), share.size(), type, of, own_.stream);
      });
    });
  }
  void gather_shares(void* values, int64_t count, NcclType type) {
    link_.issue([&](NcclRank& nccl) {
      if (shares_are_equal(count)) return nccl.all_gather(values, count / size_, type, own_.stream);
      for_each_share(nccl, count, [&](const Share& share, int of) {
        nccl.broadcast(at(values, type, share.begin), share.size(), type, of, own_.stream);
      });
    });
  }

  const int rank_, size_;
  std::unique_ptr<Membership> membership_;
  Cuda& device_;
  CudaStream stream_;
  Cuda own_;  // the device on stream_
  CudaEvent all_done_;
  std::shared_ptr<DeviceBytes> buffer_;
  int64_t started_ = 0, waited_ = 0;  // collectives; on the stream they end in the order in which they began
  double seconds_waited_ = 0;
  NcclLink link_;
};

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Membership> membership, Cuda& device,
                                                     const NcclOptions& options) {
  return std::make_unique<NcclCommunicator>(std::move(membership), device, options);
}

}  // namespace cloze
