#include "engine/observe/self_test.h"

#include <gmock/gmock.h>

#include "engine/base/file.h"
#include "engine/observe/tiny_training.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;

TEST(SelfTest, PassesHereAndLeavesNothingBehind) {
  const ScratchFolder folder;
  const SelfTest test = run_self_test(folder.path());
  for (const SelfTestPart& part : test.parts) EXPECT_TRUE(part.passed) << part.name << ": " << part.detail;
  EXPECT_TRUE(test.passed());
  ASSERT_TRUE(test.ceilings.has_value());
  EXPECT_GT(test.ceilings->matmul_flops, 1e8);
  EXPECT_GT(test.ceilings->copy_bytes, 1e8);
  EXPECT_EQ(folder.file_count(), 0);
}

TEST(SelfTest, AFolderThatCannotBeWrittenFailsThatPartOnly) {
  const ScratchFolder folder;
  const SelfTest test = run_self_test(folder / "is not there");
  EXPECT_FALSE(test.passed());
  ASSERT_EQ(test.parts.size(), 3u);
  EXPECT_TRUE(test.parts[0].passed);
  EXPECT_FALSE(test.parts[1].passed);
  EXPECT_THAT(test.parts[1].detail, HasSubstr("cannot make a folder"));
  EXPECT_THAT(test.parts[1].detail, HasSubstr("TMPDIR"));
  EXPECT_TRUE(test.parts[2].passed);
}

TEST(TinyTraining, LearnsItsBatchOnEveryDevice) {
  TinyTraining cpu(DeviceKind::cpu), reference(DeviceKind::reference);
  const TinyTraining::Step first = cpu.step(), expected = reference.step();
  EXPECT_NEAR(first.loss, expected.loss, 1e-5 * expected.loss);
  EXPECT_NEAR(first.gradient_norm, expected.gradient_norm, 1e-4 * expected.gradient_norm);
  double last = 0;
  for (int i = 0; i < 20; ++i) last = cpu.step().loss;
  EXPECT_LT(last, first.loss - 0.3);
}

}  // namespace
}  // namespace cloze
