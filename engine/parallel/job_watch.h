#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cloze {

// How a process shows on start-up and in messages.
struct RankDescription {
  std::string host;
  int64_t process = 0;  // id on that host
  std::string device;   // "CPU, 2 threads"
  friend bool operator==(const RankDescription&, const RankDescription&) = default;
};
// "rank 2 (host node7, process 4711)"
std::string to_string(int rank, const RankDescription& description);

// What each rank tells of itself again and again.
struct Beat {
  int64_t entered = 0;   // collectives begun
  int64_t left = 0;      // collectives ended
  int64_t progress = 0;  // grows with everything that is done: micro-batches, data received
  int waits_for = -1;    // the rank whose data it waits for, or -1
  bool excused = false;  // saves or evaluates: the others know that they wait
};

struct Patience {
  std::chrono::milliseconds start{300'000};   // until all ranks are there
  std::chrono::milliseconds silence{30'000};  // without a beat
  std::chrono::milliseconds hang{600'000};    // without progress while others wait
};

// Judges, from beats and the time, whether a job goes on. Knows no sockets and no clock.
class JobWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  JobWatch(int size, const Patience& patience, Time now);

  void joined(int rank, const RankDescription& description, Time now);
  void beat(int rank, const Beat& beat, Time now);
  void left(int rank);  // in good order
  void closed(int rank, const std::string& how);
  void failed(int rank, const std::string& message);
  void refused(const std::string& fault);  // of a rank that did not get in; the fault names it
  // Nobody was listened to for a while (the machine slept): all waits begin anew.
  void slept(Time now);

  bool all_joined() const;
  bool all_left() const;
  const RankDescription& description(int rank) const { return ranks_[static_cast<size_t>(rank)].description; }

  // What went wrong first, naming ranks; nullopt: nothing so far.
  const std::optional<std::string>& verdict(Time now);

 private:
  struct Rank {
    bool joined = false, left = false;
    RankDescription description;
    Beat beat;
    Time heard, moved;  // when it last told anything; when its progress last grew
  };
  std::string named(size_t rank) const;
  void judge_start(Time now);
  void judge_silence(Time now);
  void judge_progress(Time now);

  std::vector<Rank> ranks_;
  Patience patience_;
  Time began_;
  std::optional<std::string> verdict_;
};

}  // namespace cloze
