#include "engine/observe/machine_facts.h"

#include <gmock/gmock.h>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;

TEST(MachineFacts, CoresAreCountedOncePerPackage) {
  const char* text =
      "processor\t: 0\nphysical id\t: 0\ncore id\t\t: 0\n\n"
      "processor\t: 1\nphysical id\t: 0\ncore id\t\t: 0\n\n"
      "processor\t: 2\nphysical id\t: 0\ncore id\t\t: 1\n\n"
      "processor\t: 3\nphysical id\t: 1\ncore id\t\t: 0\n";
  EXPECT_EQ(physical_cores(text), 3);
  EXPECT_EQ(physical_cores("processor\t: 0\nBogoMIPS\t: 50.00\n"), 0);
}

TEST(MachineFacts, TheChosenWordIsInBrackets) {
  EXPECT_EQ(chosen_word("always [madvise] never\n"), "madvise");
  EXPECT_EQ(chosen_word("] no ["), "");
  EXPECT_EQ(chosen_word(""), "");
}

TEST(MachineFacts, ReleaseValuesLoseTheirQuotes) {
  const char* text = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nID_LIKE=nothing\n";
  EXPECT_EQ(release_value(text, "PRETTY_NAME"), "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(release_value(text, "ID"), "debian");
  EXPECT_EQ(release_value(text, "VERSION"), "");
}

TEST(MachineFacts, OfThisMachineMakeSense) {
  const MachineFacts facts = machine_facts();
  EXPECT_GT(facts.threads, 0);
  EXPECT_LE(facts.cpu.processors, facts.processors);
  EXPECT_GT(facts.memory.available, 0u);
  EXPECT_LE(facts.memory.available, facts.memory.total);
  EXPECT_GT(facts.disk_bytes, 0u);
  EXPECT_EQ(facts.automatic_device, "cpu");
  EXPECT_FALSE(facts.kernel_target.empty());
  for (const auto& [name, version] : facts.build.libraries)
    EXPECT_TRUE(version.find_first_of("0123456789") == 0) << name << " " << version;
}

class GpuFactsTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, text);
  }
  GpuFacts facts() const { return system_gpus(folder_ / "proc", folder_ / "sys"); }
  const ScratchFolder folder_;
};

TEST_F(GpuFactsTest, NothingThereIsNoGpu) {
  EXPECT_EQ(facts().devices, 0);
  EXPECT_EQ(facts().driver, "");
  EXPECT_TRUE(facts().models.empty());
}

TEST_F(GpuFactsTest, ControllersOfNvidiaCountAndOtherDevicesDoNot) {
  const std::string devices = "sys/bus/pci/devices/";
  write(devices + "0000:01:00.0/vendor", "0x10de\n");
  write(devices + "0000:01:00.0/class", "0x030200\n");
  write(devices + "0000:01:00.1/vendor", "0x10de\n");  // its audio function
  write(devices + "0000:01:00.1/class", "0x040300\n");
  write(devices + "0000:02:00.0/vendor", "0x1002\n");
  write(devices + "0000:02:00.0/class", "0x030000\n");
  EXPECT_EQ(facts().devices, 1);
}

TEST_F(GpuFactsTest, TheDriverSaysVersionAndModels) {
  write("proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Wed Jan 15 2025\nGCC version: 12.2\n");
  write("proc/driver/nvidia/gpus/0000:01:00.0/information",
        "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 57\n");
  EXPECT_EQ(facts().driver, "570.86.15");
  EXPECT_THAT(facts().models, ElementsAre("NVIDIA H100 80GB HBM3"));
}

}  // namespace
}  // namespace cloze
