#pragma once

#include <functional>
#include <optional>
#include <string>

namespace cloze {

// Where the process stands among those of its job, as whatever started it says.
struct ProcessIdentity {
  int rank = 0, size = 1;                  // of all processes
  int local_rank = 0, local_size = 1;      // of those on this machine
  std::string job;                         // tells this start of the job from any other; may be empty
  std::optional<std::string> master_host;  // where rank 0 listens; none: through a folder that all share
  int master_port = 0;
  bool one_machine = false;  // `cloze launch`: nobody from outside needs to connect
  int launcher_news = -1;  // a pipe of `cloze launch`, on which it says that another rank has ended; -1: none
  std::string source;      // "mpirun (OMPI_COMM_WORLD_*)"; empty: nothing was said, one process
};

// The value of an environment variable, or nullptr.
using EnvironmentLookup = std::function<const char*(const char*)>;

// Reads, in this order: CLOZE_RANK, CLOZE_WORLD_SIZE, CLOZE_JOB, CLOZE_NEWS (`cloze launch`); RANK,
// WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE; OMPI_COMM_WORLD_* (Open MPI); PMI_RANK, PMI_SIZE (MPICH, Intel
// MPI); SLURM_PROCID, SLURM_STEP_NUM_TASKS (srun). MASTER_ADDR and MASTER_PORT count with each of them.
// Throws UsageError naming the variable where a value is no number, out of range, or its partner is missing.
ProcessIdentity process_identity(const EnvironmentLookup& lookup);
ProcessIdentity process_identity();  // from the environment of the process

}  // namespace cloze
