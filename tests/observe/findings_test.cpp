#include "engine/observe/findings.h"

#include <gmock/gmock.h>

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MachineFacts good_machine() {
  MachineFacts facts;
  facts.distribution = "debian";
  facts.cpu = {.model = "a processor", .processors = 8, .features = {"avx2", "fma"}};
  facts.processors = facts.threads = 8;
  facts.memory = {.total = uint64_t{32} << 30, .available = uint64_t{30} << 30};
  facts.disk_bytes = uint64_t{200} << 30;
  facts.disk_available = uint64_t{100} << 30;
  facts.huge_pages = "madvise";
  facts.build.kind = "Release";
  facts.gpu.refusal = "this program was built without CUDA";
  return facts;
}

auto finding(const std::string& what, const std::string& remedy) {
  return ElementsAre(
      testing::AllOf(Field(&Finding::what, HasSubstr(what)), Field(&Finding::remedy, HasSubstr(remedy))));
}

TEST(Findings, AGoodMachineHasNone) {
  EXPECT_THAT(findings(good_machine()), IsEmpty());
}

TEST(Findings, SlowBuildsAreNamed) {
  MachineFacts facts = good_machine();
  facts.build.kind = "Debug";
  EXPECT_THAT(findings(facts), finding("built for debugging (Debug)", "cmake --preset release"));
  facts.build.kind = "RelWithDebInfo";
  EXPECT_THAT(findings(facts), IsEmpty());
  facts.build.sanitizers = "address";
  EXPECT_THAT(findings(facts), finding("-fsanitize=address", "cmake --preset release"));
}

TEST(Findings, AGpuWithoutDriverNeedsTheDriver) {
  MachineFacts facts = good_machine();
  facts.gpu.devices = 1;
  EXPECT_THAT(findings(facts), finding("driver is not loaded", "apt-get install nvidia-driver"));
  facts.distribution = "ubuntu";
  EXPECT_THAT(findings(facts), finding("driver is not loaded", "ubuntu-drivers install"));
}

TEST(Findings, AGpuWithoutCudaInTheBuildNeedsABuild) {
  MachineFacts facts = good_machine();
  facts.gpu.devices = 1;
  facts.gpu.driver = "570.86.15";
  EXPECT_THAT(findings(facts), finding("built without CUDA", "cuda-keyring"));
  facts.distribution = "ubuntu";
  EXPECT_THAT(findings(facts),
              finding("built without CUDA", "apt-get install nvidia-cuda-toolkit && cmake --preset cuda"));
  facts.gpu.compiler = "/usr/bin/nvcc";
  ASSERT_EQ(findings(facts).size(), 1u);
  EXPECT_THAT(findings(facts)[0].remedy, testing::StartsWith("cmake --preset cuda"));
}

TEST(Findings, AGpuThatCannotBeOpenedSaysWhy) {
  MachineFacts facts = good_machine();
  facts.gpu = {.devices = 1, .driver = "470.1", .models = {"Tesla K80"}, .refusal = "it is too old"};
  facts.build.cuda = true;
  EXPECT_THAT(findings(facts), finding("it is too old", "nvidia-smi"));
  facts.gpu.refusal = "";
  EXPECT_THAT(findings(facts), IsEmpty());
}

TEST(Findings, LittleMemoryAndDiskAreNamedWithTheirBytes) {
  MachineFacts facts = good_machine();
  facts.memory.available = uint64_t{1} << 30;
  EXPECT_THAT(findings(facts), finding("1.0 GiB of memory", "cloze plan"));
  facts = good_machine();
  facts.disk_available = uint64_t{2} << 30;
  EXPECT_THAT(findings(facts), finding("2.0 GiB are free", "checkpoint.keep"));
}

TEST(Findings, WhatSlowsDownIsNamed) {
  MachineFacts facts = good_machine();
  facts.huge_pages = "never";
  EXPECT_THAT(findings(facts), finding("huge pages are off", "tee /sys/kernel/mm/transparent_hugepage"));
  facts = good_machine();
  facts.cpu.processors = 2;
  EXPECT_THAT(findings(facts), finding("2 of 8 processors", "taskset --cpu-list 0-7"));
  facts = good_machine();
  facts.load = 6;
  EXPECT_THAT(findings(facts), finding("6.0 at a time", "top"));
  facts = good_machine();
  facts.cpu.features = {"sse4_2"};
  EXPECT_THAT(findings(facts), finding("no AVX2", ""));
}

}  // namespace
}  // namespace cloze
