#include "engine/parallel/process_identity.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr int most_processes = 1 << 16, most_ports = 65535;
constexpr int most_descriptors = 1 << 20;

// The variables of one way to start processes. `local_size` may name Slurm's list form, "4(x2),3".
struct Convention {
  const char* name;
  const char *rank, *size, *local_rank, *local_size;
  std::array<const char*, 3> job;  // together they name a start of the job
};
constexpr std::array<Convention, 5> conventions{{
    {"cloze launch (CLOZE_RANK)",
     "CLOZE_RANK",
     "CLOZE_WORLD_SIZE",
     "CLOZE_RANK",
     "CLOZE_WORLD_SIZE",
     {"CLOZE_JOB", nullptr, nullptr}},
    {"RANK and WORLD_SIZE",
     "RANK",
     "WORLD_SIZE",
     "LOCAL_RANK",
     "LOCAL_WORLD_SIZE",
     {"TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", nullptr}},
    {"mpirun (OMPI_COMM_WORLD_*)",
     "OMPI_COMM_WORLD_RANK",
     "OMPI_COMM_WORLD_SIZE",
     "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE",
     {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", nullptr}},
    {"mpirun (PMI_RANK)",
     "PMI_RANK",
     "PMI_SIZE",
     "MPI_LOCALRANKID",
     "MPI_LOCALNRANKS",
     {"PMI_ID", nullptr, nullptr}},
    {"srun (SLURM_PROCID)",
     "SLURM_PROCID",
     "SLURM_STEP_NUM_TASKS",
     "SLURM_LOCALID",
     "SLURM_STEP_TASKS_PER_NODE",
     {"SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT"}},
}};

class Reader {
 public:
  explicit Reader(const EnvironmentLookup& lookup) : lookup_(lookup) {}

  const char* text(const char* name) const {
    const char* value = lookup_(name);
    return value == nullptr || *value == '\0' ? nullptr : value;
  }
  int number(const char* name, int least, int most) const {
    const char* value = text(name);
    if (value == nullptr)
      throw UsageError({.what = fmt::format("the environment variable {} is not set", name),
                        .why = "the others that tell a process its rank are",
                        .remedy = "set all of them, or none for one process"});
    return parse(name, value, least, most, false);
  }
  // `rest_allowed`: "4(x2),3" counts as 4.
  int number_or(const char* name, int absent, int least, int most, bool rest_allowed = false) const {
    const char* value = text(name);
    return value == nullptr ? absent : parse(name, value, least, most, rest_allowed);
  }

 private:
  static int parse(const char* name, std::string_view value, int least, int most, bool rest_allowed) {
    int number = 0;
    const auto [end, trouble] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = end == value.data() + value.size() || rest_allowed;
    if (trouble == std::errc() && whole && number >= least && number <= most) return number;
    throw UsageError({.what = fmt::format("the environment variable {} is `{}`", name, value),
                      .why = fmt::format("it must be a number from {} to {}", least, most)});
  }

  const EnvironmentLookup& lookup_;
};

ProcessIdentity read(const Reader& reader, const Convention& convention) {
  ProcessIdentity identity{.source = convention.name};
  identity.size = reader.number(convention.size, 1, most_processes);
  identity.rank = reader.number(convention.rank, 0, identity.size - 1);
  identity.local_rank = reader.number_or(convention.local_rank, 0, 0, most_processes);
  identity.local_size = reader.number_or(convention.local_size, 1, 1, most_processes, true);
  for (const char* name : convention.job) {
    const char* part = name == nullptr ? nullptr : reader.text(name);
    if (part != nullptr) identity.job += (identity.job.empty() ? "" : "-") + std::string(part);
  }
  return identity;
}

void read_master(const Reader& reader, ProcessIdentity& identity) {
  const char* host = reader.text("MASTER_ADDR");
  if (host == nullptr) return;
  identity.master_host = host;
  identity.master_port = reader.number("MASTER_PORT", 1, most_ports);
}

}  // namespace

ProcessIdentity process_identity(const EnvironmentLookup& lookup) {
  const Reader reader(lookup);
  for (const Convention& convention : conventions) {
    const bool own = &convention == conventions.data();
    // One of the two is enough to ask for the other, except where a scheduler sets one of them in other
    // places.
    const bool here = reader.text(convention.rank) != nullptr && reader.text(convention.size) != nullptr;
    const bool half = reader.text(convention.rank) != nullptr || reader.text(convention.size) != nullptr;
    const bool whole_needed = own || std::string_view(convention.rank) == "RANK";
    if (!here && !(half && whole_needed)) continue;
    ProcessIdentity identity = read(reader, convention);
    identity.one_machine = own;
    if (own) {
      identity.launcher_news = reader.number_or("CLOZE_NEWS", -1, 0, most_descriptors);
    } else {
      read_master(reader, identity);
    }
    return identity;
  }
  return {};
}

ProcessIdentity process_identity() {
  return process_identity([](const char* name) -> const char* { return std::getenv(name); });
}

}  // namespace cloze
