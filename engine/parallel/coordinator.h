#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/parallel/job_watch.h"
#include "engine/parallel/socket.h"

namespace cloze {

// What the ranks of a job must agree on before they join.
struct JobDescription {
  std::string job;          // of ProcessIdentity
  std::string fingerprint;  // of program, options and data: equal on all ranks
  int size = 1;
};

// Rank 0's thread that every rank, rank 0 too, holds one control connection to (class Membership). It
// gathers small texts and hands them to all, watches their beats, and tells all what went wrong first. Lines
// of JSON: from a rank hello, beat, share, failed, bye; to a rank refused, over or accepted, welcome, ping,
// shares, verdict.
class Coordinator {
 public:
  Coordinator(Socket listener, JobDescription job, const Patience& patience);
  ~Coordinator();  // waits, a little, until all ranks have left
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  int port() const { return port_; }

 private:
  struct Member {
    LineConnection connection;
    int rank = -1;  // unknown before hello
    std::vector<std::string> shares;
    JobWatch::Time accepted;
  };
  void serve();
  void accept_all(JobWatch::Time now);
  void hear(Member& member, JobWatch::Time now);
  void hello(Member& member, const std::string& line, JobWatch::Time now);
  void hand_out_shares();
  void tell_all(const std::string& line);
  void judge(JobWatch::Time now);

  Socket listener_;
  const int port_;
  const JobDescription job_;
  JobWatch watch_;
  std::vector<std::unique_ptr<Member>> members_;
  std::string
      reached_at_;  // the address of this machine that ranks on others have used; empty: there are none
  bool welcomed_ = false, judged_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace cloze
