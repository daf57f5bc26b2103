#include "engine/base/edit_distance.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloze {
namespace {

TEST(EditDistance, KnownValues) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("dropuot", "dropout"), 1u);  // a swap is one edit
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);  // 2 without the restriction of optimal string alignment
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

TEST(EditDistance, IsSymmetric) {
  for (const char* a : {"learning_rate", "rate", "abcd", "dcba"}) {
    for (const char* b : {"learnin_grate", "", "badc", "x"})
      EXPECT_EQ(edit_distance(a, b), edit_distance(b, a));
  }
}

TEST(Nearest, FindsTheClosest) {
  const std::vector<std::string> names = {"steps", "seed", "learning_rate", "warmup_steps"};
  EXPECT_EQ(nearest("learning-rate", names), "learning_rate");
  EXPECT_EQ(nearest("LearningRate", names), "learning_rate");
  EXPECT_EQ(nearest("step", names), "steps");
  EXPECT_EQ(nearest("sed", names), "seed");
  EXPECT_EQ(nearest("warmup_step", names), "warmup_steps");
}

TEST(Nearest, FindsNothingFarAway) {
  const std::vector<std::string> names = {"steps", "seed"};
  EXPECT_EQ(nearest("optimizer", names), std::nullopt);
  EXPECT_EQ(nearest("x", names), std::nullopt);
  EXPECT_EQ(nearest("anything", {}), std::nullopt);
}

TEST(Nearest, TakesTheFirstOfSeveral) {
  const std::vector<std::string> names = {"cat", "car"};
  EXPECT_EQ(nearest("cab", names), "cat");
}

}  // namespace
}  // namespace cloze
