#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace cloze {

// Makes items on background threads and hands them out in order. An item is made in two parts: claim(item),
// called by one thread at a time and in order (read the next chunk, take the next number); false means that
// there are no more; and work(item), by many threads at once. At most `depth` items are under way or waiting;
// their memory goes round: next() swaps the caller's old item against the new one.
//
// What claim() or work() throws comes out of next() at the place of its item, and again at every later call.
// The destructor waits for the calls in progress and makes no further ones.
template <typename Item>
class OrderedPipeline {
 public:
  using Claim = std::function<bool(Item&)>;
  using Work = std::function<void(Item&)>;

  OrderedPipeline(int threads, size_t depth, Claim claim, Work work)
      : claim_(std::move(claim)), work_(std::move(work)), slots_(std::max<size_t>(1, depth)) {
    for (int i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { run(); });
  }
  ~OrderedPipeline() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }
  OrderedPipeline(const OrderedPipeline&) = delete;
  OrderedPipeline& operator=(const OrderedPipeline&) = delete;

  // False after the last item.
  bool next(Item& item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return slot(taken_).ready || (end_ && taken_ == *end_); });
    if (end_ && taken_ == *end_) return false;
    Slot& from = slot(taken_);
    if (from.failure) std::rethrow_exception(from.failure);
    std::swap(item, from.item);
    from.ready = false;
    ++taken_;
    lock.unlock();
    changed_.notify_all();
    return true;
  }

 private:
  struct Slot {
    Item item{};
    bool ready = false;
    std::exception_ptr failure;
  };
  Slot& slot(uint64_t index) { return slots_[index % slots_.size()]; }

  void run() {
    for (;;) {
      std::unique_lock claim_lock(claim_mutex_);
      const uint64_t index = claimed_;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopping_ || end_ || index < taken_ + slots_.size(); });
        if (stopping_ || end_) return;
      }
      // Between the claim and `ready` the slot belongs to this thread alone.
      Slot& own = slot(index);
      std::exception_ptr failure;
      bool more = true;
      try {
        more = claim_(own.item);
      } catch (...) {
        failure = std::current_exception();
      }
      ++claimed_;
      if (!more || failure) {
        finish(index, more, failure);
        return;
      }
      claim_lock.unlock();
      try {
        work_(own.item);
      } catch (...) {
        failure = std::current_exception();
      }
      finish(index, true, failure);
      if (failure) return;
    }
  }

  // After a failure nothing further is claimed, but what was claimed before it still comes out.
  void finish(uint64_t index, bool made, const std::exception_ptr& failure) {
    {
      const std::lock_guard lock(mutex_);
      Slot& own = slot(index);
      if (made) {
        own.failure = failure;
        own.ready = true;
      }
      if (!made || failure) {
        const uint64_t items = made ? index + 1 : index;
        end_ = std::min(end_.value_or(items), items);
      }
    }
    changed_.notify_all();
  }

  Claim claim_;
  Work work_;
  std::mutex claim_mutex_;
  uint64_t claimed_ = 0;  // guarded by claim_mutex_
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;      // [depth] item n is in slot n % depth
  uint64_t taken_ = 0;           // items handed out
  std::optional<uint64_t> end_;  // how many items there are, once that is known
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cloze
