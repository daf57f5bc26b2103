#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/parallel/coordinator.h"
#include "engine/parallel/process_identity.h"

namespace cloze {

struct MembershipOptions {
  ProcessIdentity identity;
  std::filesystem::path folder;  // shared by all ranks: where rank 0 says how to reach it without MASTER_ADDR
  std::string fingerprint;       // of program, options and data
  std::string device;            // for people
  Patience patience;
};

// One rank's part in its job: the control connection to rank 0 with a thread that beats on it and hears what
// others have suffered.
class Membership {
 public:
  // Joins, on rank 0 after starting the coordinator. Returns when all ranks are there. Throws Error naming
  // the ranks that are missing after patience.start, UsageError where this rank was refused.
  explicit Membership(const MembershipOptions& options);
  ~Membership();  // leaves in good order, unless a failure was reported
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  const ProcessIdentity& identity() const { return identity_; }
  // The address of this machine on the way to the other ranks.
  const std::string& address() const { return address_; }

  // Every rank gives a text and gets those of all, by rank. All must call it alike. Throws Error on a
  // verdict.
  std::vector<std::string> exchange(const std::string& text);

  // Told to the coordinator with the next beat.
  void entered(int waits_for = -1);
  void left();
  void progress() { ++progress_; }
  void waits_for(int rank) { waits_for_ = rank; }
  void excuse(bool excused) { excused_ = excused; }

  // Tells the others why this rank ends.
  void report_failure(const std::string& message);

  // What ended the job, naming the rank; nullopt: nothing. The second waits for it, at most as long.
  std::optional<std::string> verdict() const;
  std::optional<std::string> verdict_within(std::chrono::milliseconds time) const;
  void throw_on_verdict() const;
  // Called once, on the thread of this object, when there is a verdict. When this returns, no earlier
  // callback runs any more.
  void on_verdict(std::function<void()> callback);

 private:
  void connect(const MembershipOptions& options);
  void serve();
  void listen();
  void see_to_the_end();
  void hear();
  void beat();
  void send(std::string line);
  void write_outbox();
  void conclude(const std::string& message);

  const ProcessIdentity identity_;
  const Patience patience_;
  std::string address_;
  std::unique_ptr<Coordinator> coordinator_;  // rank 0
  LineConnection connection_;                 // of the thread, once it runs
  Socket wake_;                               // an eventfd: there is something in the outbox

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> outbox_;
  bool welcomed_ = false;
  std::vector<std::vector<std::string>> shares_;
  std::optional<std::string> verdict_;
  std::mutex calling_;  // held while on_verdict_ runs
  std::function<void()> on_verdict_;

  std::atomic<int64_t> entered_ = 0, left_ = 0, progress_ = 0;
  std::atomic<int> waits_for_ = -1;
  std::atomic<bool> excused_ = false, stopping_ = false, reported_ = false;
  std::thread thread_;
};

}  // namespace cloze
