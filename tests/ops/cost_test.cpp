// What nodes cost, at capacity and on a batch, counted by hand.
#include "engine/graph/cost.h"

#include <gtest/gtest.h>

#include "engine/ops/activation.h"
#include "engine/ops/attention.h"
#include "engine/ops/linear.h"

namespace cloze {
namespace {

constexpr ValueType tokens_of(int64_t columns) {
  return {DType::f32, 10, columns, Axis::tokens};
}
LiveCounts live(int64_t tokens, double keys_per_query) {
  LiveCounts counts;
  counts.rows[static_cast<size_t>(Axis::tokens)] = tokens;
  counts.keys_per_query = keys_per_query;
  return counts;
}

TEST(Cost, OfALinearLayerCountsLiveRowsButTheWholeWeight) {
  Graph graph;
  const ValueId x = graph.add_input("x", tokens_of(4)), weight = graph.add_input("w", {DType::f32, 3, 4});
  linear(graph, x, weight, no_value);
  const Node& node = graph.nodes()[0];
  const Cost full = capacity_cost(graph, node), part = live_cost(graph, node, live(6, 0));
  EXPECT_EQ(full.flops, 2.0 * 10 * 4 * 3);
  EXPECT_EQ(full.bytes, 4.0 * (10 * 4 + 3 * 4 + 10 * 3));
  EXPECT_EQ(part.flops, 2.0 * 6 * 4 * 3);
  EXPECT_EQ(part.bytes, 4.0 * (6 * 4 + 3 * 4 + 6 * 3));
  EXPECT_EQ(part.scalar_flops, 0);
  EXPECT_FALSE(pairs_rows(graph, node));
}

TEST(Cost, OutsideMatrixProductsIsCountedApart) {
  Graph graph;
  activation(graph, graph.add_input("x", tokens_of(4)), Activation::gelu_tanh);
  const Node& node = graph.nodes()[0];
  EXPECT_EQ(capacity_cost(graph, node).flops, 0);
  EXPECT_EQ(live_cost(graph, node, live(6, 0)).scalar_flops, node.op->flops_per_element() * 6 * 4);
  EXPECT_EQ(live_cost(graph, node, live(6, 0)).bytes, 2.0 * 4 * 6 * 4);
}

// Sequences of 2 and 6 tokens: 40 pairs, which the average length of 4 would take for 32.
TEST(Cost, OfAttentionFollowsFromTheLengths) {
  Graph graph;
  const ValueId offsets = graph.add_input("offsets", {DType::i32, 1, 3});
  attention(
      graph,
      {.query = graph.add_input("qkv", tokens_of(3 * 8)), .query_offsets = offsets, .key_offsets = offsets},
      {.heads = 2});
  const Node& node = graph.nodes()[0];
  EXPECT_TRUE(pairs_rows(graph, node));
  EXPECT_EQ(live_cost(graph, node, live(8, 40.0 / 8)).flops, 2.0 * 2 * 8 * 40);
  EXPECT_EQ(capacity_cost(graph, node).flops, 2.0 * 2 * 8 * (10 * 5));
}

}  // namespace
}  // namespace cloze
