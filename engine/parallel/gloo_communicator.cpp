#include "engine/parallel/gloo_communicator.h"

#include <fmt/core.h>

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/parallel/gloo_ring.h"

namespace cloze {
namespace {

constexpr std::chrono::seconds verdict_within{5};

// The thread that runs collectives in the order they were started.
class CollectiveThread {
 public:
  CollectiveThread() : thread_([this] { serve(); }) {}
  ~CollectiveThread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  // Returns the ticket to wait with. Throws what ended an earlier one.
  int64_t start(const std::function<void()>& work) {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    waiting_.push_back(&work);
    changed_.notify_all();
    return ++started_;
  }
  // Throws what ended this or an earlier one; nothing runs any more then.
  void wait(int64_t ticket) {
    const double began = seconds_now();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_ >= ticket || failure_; });
    waited_ += seconds_now() - began;
    if (failure_) std::rethrow_exception(failure_);
  }
  // Until the work of the ticket is not running any more, however it ended.
  void settle(int64_t ticket) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_ >= ticket || failure_; });
  }
  bool is_settled(int64_t ticket) const {
    const std::lock_guard lock(mutex_);
    return done_ >= ticket || failure_;
  }
  int64_t last_ticket() const {
    const std::lock_guard lock(mutex_);
    return started_;
  }
  double seconds_waited() const {
    const std::lock_guard lock(mutex_);
    return waited_;
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || (!waiting_.empty() && !failure_); });
      if (stopping_) return;
      const std::function<void()>& work = *waiting_.front();
      waiting_.erase(waiting_.begin());  // a few at most; keeps its memory, as a step must not allocate
      lock.unlock();
      std::exception_ptr failure;
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      ++done_;
      if (failure) failure_ = failure;
      changed_.notify_all();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<const std::function<void()>*> waiting_;
  int64_t started_ = 0, done_ = 0;
  double waited_ = 0;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::thread thread_;
};

class GlooCommunicator final : public Communicator {
 public:
  explicit GlooCommunicator(std::unique_ptr<Membership> membership)
      : membership_(std::move(membership)), ring_(*membership_) {
    membership_->on_verdict([this] { ring_.abort(); });
    barrier_ = all_reduce(barrier_value_, Wire::f32);
  }
  ~GlooCommunicator() override {
    membership_->on_verdict([] {});
  }

  int rank() const override { return ring_.rank(); }
  int size() const override { return ring_.size(); }

  std::unique_ptr<Collective> all_reduce(std::span<float> values, Wire wire) override {
    return make(values, [this, count = count_of(values), wire](GlooRing::Buffer& buffer) {
      ring_.reduce_scatter(buffer, count, wire);
      ring_.all_gather(buffer, count, wire);
    });
  }
  std::unique_ptr<Collective> reduce_scatter(std::span<float> values, Wire wire) override {
    return make(values, [this, count = count_of(values), wire](GlooRing::Buffer& buffer) {
      ring_.reduce_scatter(buffer, count, wire);
    });
  }
  std::unique_ptr<Collective> all_gather(std::span<float> values) override {
    return make(values, [this, count = count_of(values)](GlooRing::Buffer& buffer) {
      ring_.all_gather(buffer, count, Wire::f32);
    });
  }
  std::unique_ptr<Collective> broadcast(std::span<std::byte> bytes, int root) override {
    return make(bytes, [this, root](GlooRing::Buffer& buffer) { ring_.broadcast(buffer, root); });
  }
  void wait_for_all() override { thread_.wait(thread_.last_ticket()); }
  // A sum of one number passes through every rank before any rank has it.
  void barrier() override { run(*barrier_); }
  std::vector<std::string> exchange(const std::string& text) override {
    membership_->entered();
    std::vector<std::string> texts = membership_->exchange(text);
    membership_->left();
    return texts;
  }

  void note_progress() override { membership_->progress(); }
  void excuse(bool busy) override { membership_->excuse(busy); }
  double seconds_waited() const override { return thread_.seconds_waited(); }
  LinkTime link_time() const override { return ring_.link_time(); }
  void abort(const std::string& reason) override {
    membership_->report_failure(reason);
    ring_.abort();
  }

 private:
  class Running final : public Collective {
   public:
    Running(GlooCommunicator& owner, std::function<void()> work) : owner_(owner), work_(std::move(work)) {}
    // Dropped while it runs, as an exception passes: the memory may be gone next.
    ~Running() override {
      if (owner_.thread_.is_settled(ticket_)) return;
      owner_.abort("it ended in the middle of a step");
      owner_.thread_.settle(ticket_);
    }
    void start() override { ticket_ = owner_.thread_.start(work_); }
    void wait() override { owner_.thread_.wait(ticket_); }

   private:
    GlooCommunicator& owner_;
    std::function<void()> work_;
    int64_t ticket_ = 0;
  };

  static int64_t count_of(std::span<float> values) { return static_cast<int64_t>(values.size()); }

  template <typename T, typename Work>
  std::unique_ptr<Collective> make(std::span<T> values, Work work) {
    auto buffer = std::make_shared<GlooRing::Buffer>(ring_.buffer(values.data(), values.size_bytes()));
    return std::make_unique<Running>(*this, [this, buffer, work] {
      membership_->throw_on_verdict();
      membership_->entered((rank() + size() - 1) % size());
      try {
        work(*buffer);
      } catch (const RingBroken& broken) {
        explain(broken);
      }
      membership_->left();
    });
  }

  // The first cause, where it can be known.
  [[noreturn]] void explain(const RingBroken& broken) {
    membership_->verdict_within(verdict_within);
    membership_->throw_on_verdict();
    if (broken.peer < 0) throw Error({.what = "the job was aborted"});
    throw Error({.what = fmt::format("the connection of rank {} to rank {} broke", rank(), broken.peer),
                 .why = broken.what(),
                 .remedy = "--resume goes on from the last checkpoint"});
  }

  std::unique_ptr<Membership> membership_;
  GlooRing ring_;
  float barrier_value_[1] = {0};
  CollectiveThread thread_;
  std::unique_ptr<Collective> barrier_;
};

}  // namespace

std::unique_ptr<Communicator> make_gloo_communicator(std::unique_ptr<Membership> membership) {
  return std::make_unique<GlooCommunicator>(std::move(membership));
}

}  // namespace cloze
