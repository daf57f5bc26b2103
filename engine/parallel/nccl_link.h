#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/parallel/membership.h"
#include "engine/parallel/nccl_library.h"

namespace cloze {

struct NcclOptions {
  std::function<std::unique_ptr<NcclLibrary>()> open = [] { return open_nccl(); };
  std::chrono::milliseconds connect_within{120'000};
};

// One rank's NCCL communicator, connected to those of all ranks of a job, and a thread that ends its
// collectives when the job ends or NCCL reports an error. One thread at a time issues; abort() may come from
// another.
class NcclLink {
 public:
  // All ranks must do so at the same time, each on its current device. Throws Error naming the ranks that
  // have no NCCL, that have another version of it, or that are not connected after options.connect_within; or
  // what the membership finds wrong while it waits.
  NcclLink(Membership& membership, const NcclOptions& options);
  ~NcclLink();
  NcclLink(const NcclLink&) = delete;
  NcclLink& operator=(const NcclLink&) = delete;

  // Returns when what `calls` began is on its stream. Throws Error as check() does.
  void issue(const std::function<void(NcclRank&)>& calls);
  // Throws Error where the job has ended, naming the first cause where it can be known.
  void check() const;
  // Every rank gives a text and gets those of all, by rank.
  std::vector<std::string> exchange(const std::string& text);
  void abort(const std::string& reason);

 private:
  std::string agree_on_an_id(const std::string& said);
  void connect(const std::string& unique_id, std::chrono::milliseconds within);
  std::string await_connection(const std::string& unique_id, std::chrono::milliseconds within);
  void give_up();
  bool settled();
  void watch();
  bool has_to_end();
  void set_failure(const std::string& what);

  Membership& membership_;
  std::unique_ptr<NcclLibrary> library_;
  mutable std::mutex mutex_;        // held for calls of rank_, and for what follows
  std::unique_ptr<NcclRank> rank_;  // none once it was aborted
  std::string failure_;             // what ended it on this rank; empty: nothing
  std::atomic<bool> stopping_ = false;
  std::thread watcher_;
};

}  // namespace cloze
