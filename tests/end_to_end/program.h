#pragma once

#include <gmock/gmock.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

// Runs the built `cloze` as a user does: a process of its own, whose output, log and exit code are looked at.
namespace cloze::end_to_end {

using Arguments = std::vector<std::string>;

struct Surroundings {
  std::string input = {};                     // standard input
  std::optional<uint64_t> file_limit = {};    // bytes a file may have: a disk that is full
  std::chrono::seconds patience{120};         // after that the process is killed and the test fails
  std::vector<std::string> environment = {};  // NAME=VALUE, beside those of the test
  std::vector<std::string> before = {};  // a program that starts `cloze`, with its arguments: mpirun -np 2
};

// How a call ended.
struct Outcome {
  int exit_code = -1;  // -1: ended by `signal`
  int signal = 0;
  std::string output;      // standard output: results
  std::string log;         // standard error
  int64_t peak_bytes = 0;  // most memory resident at a time
};
void PrintTo(const Outcome& outcome, std::ostream* stream);

MATCHER_P(ExitsWith, code, "") {
  return arg.signal == 0 && arg.exit_code == code;
}

// A running `cloze`; killed where it is dropped before wait().
class Process {
 public:
  explicit Process(const Arguments& arguments, const Surroundings& surroundings = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Until the log holds `text`; throws std::runtime_error where the process ends or patience does.
  void wait_for_log(const std::string& text);
  // The same for anything else that can be seen from outside; `what` stands in the message.
  void wait_until(const std::string& what, const std::function<bool()>& holds);
  // Whether it ended by itself within `time`.
  bool ends_within(std::chrono::microseconds time);
  void send(int signal);
  std::string log() const;
  Outcome wait();

 private:
  bool poll();

  std::string command_;
  std::chrono::steady_clock::time_point deadline_;
  int output_ = -1, log_ = -1;  // anonymous files: no pipe to fill up while nobody reads
  pid_t process_ = -1;
  bool ended_ = false;
  Outcome outcome_;
};

Outcome run(const Arguments& arguments, const Surroundings& surroundings = {});

}  // namespace cloze::end_to_end
