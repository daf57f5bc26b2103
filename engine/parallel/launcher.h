#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace cloze {

struct LaunchOptions {
  std::vector<std::string> first_call,
      later_call;  // program and arguments, of the first start and of restarts
  int processes = 1;
  int max_restarts = 0;
  std::filesystem::path run_folder;  // logs/rank-K.txt appear in it as soon as it is a run's folder
  std::chrono::seconds farewell{5};  // for the other ranks to end by themselves after one failed
};

// Runs one process per rank on this machine (identity: CLOZE_RANK, CLOZE_WORLD_SIZE, CLOZE_JOB) and watches
// them. What rank 0 says is shown as it comes, what the others say stands in their logs; of the rank that
// fails first the last lines are shown. The others then end by themselves or are killed. SIGINT and SIGTERM
// are passed on to all ranks. Returns the exit code of `cloze launch`: 0; 128 + signal after a signal; else
// that of the first failure (128 + signal of a rank that was killed), unless a restart went well. A wrong
// call (2) is not repeated.
int launch(const LaunchOptions& options);

}  // namespace cloze
