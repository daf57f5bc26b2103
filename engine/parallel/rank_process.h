#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/parallel/socket.h"

namespace cloze {

// A child process that is one rank, with what it writes on standard error.
class RankProcess {
 public:
  // Starts `call` with the variables NAME=VALUE added to the environment, in a process group of its own; it
  // gets SIGTERM should this process end first. Throws Error.
  RankProcess(int rank, const std::vector<std::string>& call, const std::vector<std::string>& variables);
  ~RankProcess();  // kills it where it still runs
  RankProcess(RankProcess&&) noexcept;
  RankProcess& operator=(RankProcess&&) = delete;

  int rank() const { return rank_; }
  pid_t process() const { return process_; }
  int output() const { return output_.descriptor(); }  // to be polled; -1 when it is at its end

  // Takes in what it has written; rank 0's is shown at once.
  void read_output();
  // Appends what was read since to logs/rank-K.txt of the folder, if that is a run's folder by now.
  void write_log(const std::filesystem::path& run_folder);
  std::string last_lines() const;

  // Says to the process that it need not wait for the others any more, and why; heard until all ranks have
  // met.
  void tell(const std::string& news) const;
  void send(int signal) const;
  bool running() const { return !exit_code_; }
  // Looks whether it has ended: its exit code, or 128 + signal.
  void look();
  std::optional<int> exit_code() const { return exit_code_; }
  std::optional<int> killed_by() const { return killed_by_; }

 private:
  int rank_;
  pid_t process_ = -1;
  Socket output_, hearing_, news_;  // of the pipe for news both ends: so that writing to it cannot fail
  std::string unwritten_, last_;
  std::optional<int> exit_code_, killed_by_;
};

}  // namespace cloze
