#include "engine/parallel/process_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/base/error.h"

namespace cloze {
namespace {

using testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

ProcessIdentity read(const Variables& variables) {
  return process_identity([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string fault(const Variables& variables) {
  try {
    read(variables);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

void expect_place(const ProcessIdentity& identity, int rank, int size, int local_rank, int local_size) {
  EXPECT_EQ(identity.rank, rank);
  EXPECT_EQ(identity.size, size);
  EXPECT_EQ(identity.local_rank, local_rank);
  EXPECT_EQ(identity.local_size, local_size);
}

TEST(ProcessIdentity, WithoutAWordItIsOneProcess) {
  const ProcessIdentity identity =
      read({{"MASTER_ADDR", "node1"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}});
  expect_place(identity, 0, 1, 0, 1);
  EXPECT_EQ(identity.source, "");
  EXPECT_FALSE(identity.master_host);
}

TEST(ProcessIdentity, OfClozeLaunch) {
  const ProcessIdentity identity = read({{"CLOZE_RANK", "2"},
                                         {"CLOZE_WORLD_SIZE", "4"},
                                         {"CLOZE_JOB", "77-0"},
                                         {"RANK", "0"},
                                         {"WORLD_SIZE", "9"}});
  expect_place(identity, 2, 4, 2, 4);
  EXPECT_EQ(identity.job, "77-0");
  EXPECT_TRUE(identity.one_machine);
  EXPECT_EQ(identity.source, "cloze launch (CLOZE_RANK)");
}

TEST(ProcessIdentity, OfRankAndWorldSize) {
  const ProcessIdentity identity = read({{"RANK", "5"},
                                         {"WORLD_SIZE", "8"},
                                         {"LOCAL_RANK", "1"},
                                         {"LOCAL_WORLD_SIZE", "4"},
                                         {"MASTER_ADDR", "node1"},
                                         {"MASTER_PORT", "29500"}});
  expect_place(identity, 5, 8, 1, 4);
  EXPECT_EQ(identity.master_host, "node1");
  EXPECT_EQ(identity.master_port, 29500);
  EXPECT_FALSE(identity.one_machine);
}

TEST(ProcessIdentity, OfOpenMpi) {
  expect_place(read({{"OMPI_COMM_WORLD_RANK", "3"},
                     {"OMPI_COMM_WORLD_SIZE", "4"},
                     {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                     {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                     {"PMIX_RANK", "3"}}),
               3, 4, 1, 2);
}

TEST(ProcessIdentity, OfSlurmStepsOnly) {
  const ProcessIdentity identity = read({{"SLURM_PROCID", "6"},
                                         {"SLURM_STEP_NUM_TASKS", "8"},
                                         {"SLURM_LOCALID", "2"},
                                         {"SLURM_STEP_TASKS_PER_NODE", "4(x2)"},
                                         {"SLURM_JOB_ID", "123"},
                                         {"SLURM_STEP_ID", "0"},
                                         {"SLURM_RESTART_COUNT", "1"}});
  expect_place(identity, 6, 8, 2, 4);
  EXPECT_EQ(identity.job, "123-0-1");
}

TEST(ProcessIdentity, WrongValuesAreNamed) {
  EXPECT_THAT(fault({{"RANK", "4"}, {"WORLD_SIZE", "4"}}), HasSubstr("RANK is `4`"));
  EXPECT_THAT(fault({{"RANK", "-1"}, {"WORLD_SIZE", "4"}}), HasSubstr("RANK is `-1`"));
  EXPECT_THAT(fault({{"RANK", "1x"}, {"WORLD_SIZE", "4"}}), HasSubstr("RANK is `1x`"));
  EXPECT_THAT(fault({{"RANK", "1"}, {"WORLD_SIZE", "zwei"}}), HasSubstr("WORLD_SIZE is `zwei`"));
  EXPECT_THAT(fault({{"RANK", "1"}}), HasSubstr("WORLD_SIZE is not set"));
  EXPECT_THAT(fault({{"WORLD_SIZE", "2"}}), HasSubstr("RANK is not set"));
  EXPECT_THAT(fault({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}}),
              HasSubstr("MASTER_PORT is not set"));
  EXPECT_THAT(fault({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "70000"}}),
              HasSubstr("MASTER_PORT is `70000`"));
}

}  // namespace
}  // namespace cloze
