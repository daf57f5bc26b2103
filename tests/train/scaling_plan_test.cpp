#include "engine/train/scaling_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace cloze {
namespace {

using testing::HasSubstr;

PretrainOptions small_run() {
  PretrainOptions options;
  options.data.train = "no corpus yet";
  options.model.layers = 4;
  options.model.hidden_size = 256;
  options.model.heads = 4;
  options.model.intermediate_size = 1024;
  options.batch.sequences = 64;
  options.batch.micro_batch_tokens = 1024;
  options.data.instances.max_sequence_length = 128;
  options.training.steps = 1000;
  options.cluster.bucket_megabytes = 1;
  return options;
}

// Computes 1 TFLOP/s, whatever it moves.
constexpr DeviceRates rates{.matmul_flops = 1e12, .attention_flops = 1e12, .bytes = 1e18};

ClusterShape cluster_of(int nodes, int devices, double bytes_per_second) {
  const Link link{.bytes_per_second = bytes_per_second, .latency = 0};
  return {.nodes = nodes, .devices = devices, .inside = link, .between = link};
}

TEST(ClusterLinks, RingsSendAllButTheirOwnShareTwice) {
  const double bytes = 8e9;
  EXPECT_DOUBLE_EQ(all_reduce_seconds(cluster_of(1, 1, 1e9), bytes), 0);
  EXPECT_DOUBLE_EQ(all_reduce_seconds(cluster_of(1, 4, 1e9), bytes), 2 * 0.75 * 8);
  EXPECT_DOUBLE_EQ(all_reduce_seconds(cluster_of(4, 1, 1e9), bytes), 2 * 0.75 * 8);
  // Between nodes each of the 4 devices sends its quarter over a link of its own.
  EXPECT_DOUBLE_EQ(all_reduce_seconds(cluster_of(2, 4, 1e9), bytes), 2 * (0.75 * 8 + 0.5 * 2));
  EXPECT_DOUBLE_EQ(reduce_scatter_seconds(cluster_of(1, 4, 1e9), bytes), 0.75 * 8);
  ClusterShape slow = cluster_of(1, 5, 1e30);
  slow.inside.latency = 1;
  EXPECT_DOUBLE_EQ(all_reduce_seconds(slow, bytes), 8);  // 4 steps there, 4 back
}

TEST(ClusterLinks, AreKnownByNameOrBandwidth) {
  EXPECT_DOUBLE_EQ(parse_link("nvlink4", "--link").bytes_per_second, 450e9 * reached_share);
  EXPECT_DOUBLE_EQ(parse_link("12.5GB/s", "--link").bytes_per_second, 12.5e9);
  EXPECT_DOUBLE_EQ(parse_link("800MB/s", "--link").bytes_per_second, 800e6);
  for (const char* wrong : {"nvlnk", "", "12.5", "-1GB/s", "12.5Gb/s"}) {
    EXPECT_THROW(parse_link(wrong, "--link"), UsageError) << wrong;
  }
}

TEST(ScalingPlan, NothingIsExposedOverLinksThatAreFast) {
  const PretrainOptions options = small_run();
  const PlannedRun run = plan_run(options);
  const StepPrediction alone = predict_step(options, run, run.phases[0], rates, cluster_of(1, 1, 1e9));
  EXPECT_EQ(alone.communicating, 0);
  EXPECT_EQ(alone.exposed, 0);
  const StepPrediction fast = predict_step(options, run, run.phases[0], rates, cluster_of(1, 4, 1e16));
  EXPECT_GT(fast.communicating, 0);
  EXPECT_LT(fast.exposed, 1e-3 * fast.computing);
  EXPECT_NEAR(fast.computing, alone.computing / 4, 0.02 * alone.computing);  // the update is not divided
}

TEST(ScalingPlan, CommunicationIsHiddenBehindBackwardAsFarAsItGoes) {
  PretrainOptions options = small_run();
  const PlannedRun run = plan_run(options);
  const ClusterShape cluster = cluster_of(1, 4, 2e10);
  const StepPrediction hidden = predict_step(options, run, run.phases[0], rates, cluster);
  options.cluster.overlap = false;
  const StepPrediction bare = predict_step(options, run, run.phases[0], rates, cluster);
  EXPECT_NEAR(bare.exposed, bare.communicating, 1e-9);
  EXPECT_NEAR(bare.communicating, hidden.communicating, 1e-9);
  EXPECT_LT(hidden.exposed, 0.9 * bare.exposed);
  const double whole = all_reduce_seconds(cluster, 4.0 * static_cast<double>(run.layout.elements()));
  EXPECT_NEAR(bare.communicating, whole, 1e-6 * whole);
  options.cluster.reduction = Wire::bf16;
  EXPECT_NEAR(predict_step(options, run, run.phases[0], rates, cluster).communicating, whole / 2,
              1e-6 * whole);
}

TEST(ScalingPlan, DescribesEveryPhaseUpToTheWholeCluster) {
  const std::string text = describe_scaling(small_run(), {.gpu = "h100", .devices = 8, .nodes = 4});
  EXPECT_THAT(text, HasSubstr("64 sequences of 128 tokens"));
  for (const char* row : {"       1      1", "       8      1", "      16      2", "      32      4"}) {
    EXPECT_THAT(text, HasSubstr(row));
  }
  EXPECT_THAT(describe_scaling(small_run(), {.gpu = "h100", .devices = 8, .nodes = 16}),
              HasSubstr("raise batch.sequences"));
  EXPECT_THROW(describe_scaling(small_run(), {.gpu = "h101", .devices = 8}), UsageError);
  EXPECT_THROW(describe_scaling(small_run(), {.gpu = "h100", .devices = 8, .link = "string"}), UsageError);
}

}  // namespace
}  // namespace cloze
