#include "engine/train/planned_run.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cloze {
namespace {

PretrainOptions tiny_run() {
  PretrainOptions options;
  options.data.train = "a corpus that is not there";
  options.model.hidden_size = 64;
  options.model.layers = 2;
  options.model.heads = 2;
  options.model.intermediate_size = 128;
  options.training.steps = 10;
  options.training.phases = {{.steps = 5, .max_sequence_length = 16, .max_predictions = 3},
                             {.steps = 5, .max_sequence_length = 64, .max_predictions = 10}};
  return options;
}

int64_t bytes_of(const PretrainOptions& options, const PlannedRun& run, const TrainingPhase& phase,
                 int64_t sequences) {
  const Capacity capacity{.tokens = sequences * phase.instances.max_sequence_length,
                          .sequences = sequences,
                          .predictions = sequences * phase.instances.max_predictions};
  return working_memory(options, run, capacity).total();
}

TEST(PlannedRun, WithoutACorpusTheVocabularyOfGooglesModelsIsAssumed) {
  const PlannedRun run = plan_run(tiny_run());
  EXPECT_FALSE(run.has_corpus);
  EXPECT_EQ(run.config.vocabulary_size, assumed_vocabulary);
  ASSERT_EQ(run.phases.size(), 2u);
}

// A GPU run keeps activations in bf16: half the bytes, sums and statistics aside.
TEST(PlannedRun, InBf16ActivationsTakeHalf) {
  const PretrainOptions options = tiny_run();
  const PlannedRun full = plan_run(options),
                   low =
                       plan_run(options, {.architecture = Architecture::cuda, .precision = Precision::bf16});
  const Capacity capacity{.tokens = 1024, .sequences = 16, .predictions = 160};
  const WorkingMemory in_full = working_memory(options, full, capacity),
                      in_low = working_memory(options, low, capacity);
  EXPECT_LT(in_low.arena, in_full.arena * 6 / 10);
  EXPECT_GE(in_low.arena, in_full.arena / 2);
  EXPECT_EQ(in_low.inputs, in_full.inputs);
}

TEST(LargestBatch, FitsAndAnotherSixtyFourthDoesNot) {
  const PretrainOptions options = tiny_run();
  const PlannedRun run = plan_run(options);
  for (const TrainingPhase& phase : run.phases) {
    for (const int64_t bytes : {int64_t{20} << 20, int64_t{300} << 20}) {
      const int64_t sequences = largest_batch(options, run, phase, bytes);
      ASSERT_GT(sequences, 0);
      EXPECT_LE(bytes_of(options, run, phase, sequences), bytes);
      EXPECT_GT(bytes_of(options, run, phase, sequences + std::max<int64_t>(1, sequences / 64)), bytes);
    }
  }
}

TEST(LargestBatch, IsNoneWhereNotOneSequenceFits) {
  const PretrainOptions options = tiny_run();
  const PlannedRun run = plan_run(options);
  const int64_t least = bytes_of(options, run, run.phases.back(), 1);
  EXPECT_EQ(largest_batch(options, run, run.phases.back(), least - 1), 0);
  EXPECT_EQ(largest_batch(options, run, run.phases.back(), least), 1);
}

TEST(LargestBatch, GrowsWhereActivationsAreComputedAgain) {
  PretrainOptions options = tiny_run();
  options.model.layers = 6;
  const PlannedRun run = plan_run(options);
  const int64_t kept = largest_batch(options, run, run.phases.back(), int64_t{100} << 20);
  options.training.recompute = Recompute::layers;
  EXPECT_GT(largest_batch(options, run, run.phases.back(), int64_t{100} << 20), kept);
}

}  // namespace
}  // namespace cloze
