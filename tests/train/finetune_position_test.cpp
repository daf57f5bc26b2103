#include "engine/train/finetune_position.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cloze {
namespace {

TEST(FinetunePosition, CountsEvaluationsSinceTheBest) {
  FinetunePosition position;
  const auto note = [&](double value) { position.note({.name = "accuracy", .value = value}); };
  note(0.5);
  EXPECT_EQ(position.evaluations_since, 0);
  note(0.5);  // an equal one is not better
  note(0.4);
  EXPECT_EQ(position.evaluations_since, 2);
  EXPECT_EQ(position.best, 0.5);
  note(0.6);
  EXPECT_EQ(position.evaluations_since, 0);
  EXPECT_EQ(position.best, 0.6);
}

TEST(FinetunePosition, KnowsScoresOfWhichLessIsBetter) {
  FinetunePosition position;
  for (const double value : {2.0, 3.0, 1.0})
    position.note({.name = "mse", .value = value, .less_is_better = true});
  EXPECT_EQ(position.best, 1.0);
  EXPECT_EQ(position.evaluations_since, 0);
}

TEST(FinetunePosition, ComesBackFromACheckpoint) {
  const FinetunePosition never_evaluated{.training = {.step = 7, .updates = 5, .skipped_in_a_row = 2}};
  const FinetunePosition evaluated{
      .training = {.step = 9, .updates = 9}, .best = 0.25, .evaluations_since = 3};
  for (const FinetunePosition& position : {never_evaluated, evaluated}) {
    const FinetunePosition again = finetune_position_from(to_json(position));
    EXPECT_EQ(again.training, position.training);
    EXPECT_EQ(again.best, position.best);
    EXPECT_EQ(again.evaluations_since, position.evaluations_since);
  }
}

}  // namespace
}  // namespace cloze
