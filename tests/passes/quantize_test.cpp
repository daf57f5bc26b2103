#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/graph/memory_plan.h"
#include "engine/model/encoder_scaling.h"
#include "engine/ops/all.h"
#include "kernels/quantize/scaling.h"
#include "tests/tasks/small_pretraining.h"

// What the passes `quantize` and `update_scaling` make of whole training graphs: 2 layers, whose last one is
// computed for needed rows only and so multiplies queries apart from keys and values.
namespace cloze::testing {
namespace {

constexpr Target gpu{.architecture = Architecture::cuda, .precision = Precision::fp8};
constexpr Target cpu{.precision = Precision::fp8_products};
constexpr Capacity small{.tokens = 70, .sequences = 8, .predictions = 12};
constexpr Capacity large{.tokens = 7000, .sequences = 800, .predictions = 12};

Graph pretraining(const Target& target, MicroBatch place = {}, Recompute recompute = Recompute::none,
                  bool train = true, const Capacity& capacity = small) {
  const BertConfig config = config_of_64(0.1f);
  const ParameterLayout layout = bert_parameters(config, {});
  PretrainingCompileOptions options{.target = target, .recompute = recompute, .update = adamw_of(layout)};
  return compiled_pretraining_graph(config, layout, options, capacity, DType::f32, train, place);
}

template <class OpType>
std::vector<Node> nodes_of(const Graph& graph) {
  std::vector<Node> found;
  for (const Node& node : graph.nodes())
    if (dynamic_cast<const OpType*>(node.op.get()) != nullptr) found.push_back(node);
  return found;
}

bool in_layer(const Node& node) {
  return node.scope.starts_with("encoder.layer.");
}

TEST(Quantize, EveryProductOfTheLayersAndNoOther) {
  for (const Target& target : {gpu, cpu}) {
    const Graph graph = pretraining(target);
    std::map<Phase, int> products;
    for (const Node& node : nodes_of<ScaledProductOp>(graph)) {
      EXPECT_TRUE(in_layer(node));
      EXPECT_EQ(node.precision, target.precision);
      ++products[node.phase];
    }
    EXPECT_EQ(products[Phase::forward], 4 + 5);
    EXPECT_EQ(products[Phase::backward], 2 * (4 + 5));
    for (const Node& node : graph.nodes())
      if (node.op->name().starts_with("linear")) {
        EXPECT_FALSE(in_layer(node)) << node.op->name();
      }
    EXPECT_EQ(nodes_of<LinearOp>(graph).size() + nodes_of<LinearGeluOp>(graph).size(), 4u) << "the heads";
  }
}

TEST(Quantize, EachOperandOnceInTheArrangementsThatAreRead) {
  const Graph graph = pretraining(gpu);
  const auto uses = uses_of(graph);
  std::map<std::pair<int32_t, int64_t>, int> seen;  // value and scale
  for (const Node& node : nodes_of<QuantizeOp>(graph)) {
    const ValueId scale = node.inputs[QuantizeOp::scale];
    EXPECT_EQ(++(seen[{node.inputs[QuantizeOp::x].index, graph.value(scale).home.offset}]), 1);
    EXPECT_EQ(graph.value(node.outputs[0]).home.memory, Memory::state);
    for (size_t i = 1; i < node.outputs.size(); ++i) {
      EXPECT_TRUE(is_float8(graph.type(node.outputs[i]).dtype));
      EXPECT_FALSE(uses[static_cast<size_t>(node.outputs[i].index)].empty()) << "nothing reads it";
    }
    const bool gradient = graph.type(node.outputs.at(1)).dtype == DType::f8_e5m2;
    EXPECT_EQ(gradient, node.phase == Phase::backward) << "gradients alone are e5m2";
  }
  for (const Node& node : nodes_of<ScaledProductOp>(graph)) {
    const ValueType &left = graph.type(node.inputs[0]), &right = graph.type(node.inputs[1]);
    EXPECT_EQ(left.columns % 16, 0);
    EXPECT_EQ(left.columns, right.columns);
    if (graph.value(node.outputs[0]).home.memory == Memory::gradients) {
      EXPECT_EQ(graph.type(node.outputs[0]).dtype, DType::f32);
    }
  }
}

TEST(QuantizeWhereMade, OnAGpuGeluIsStoredInFp8Alone) {
  const Graph graph = pretraining(gpu);
  EXPECT_EQ(nodes_of<QuantizedActivationOp>(graph).size(), 2u);
  EXPECT_EQ(nodes_of<QuantizedActivationGradientOp>(graph).size(), 2u);
  for (const Node& node : graph.nodes())
    if (in_layer(node)) {
      EXPECT_FALSE(node.op->name().starts_with("activation")) << node.op->name();
    }
  for (const Node& node : nodes_of<QuantizedActivationGradientOp>(graph)) {
    const auto* op = dynamic_cast<const QuantizedActivationGradientOp*>(node.op.get());
    const ValueId bias_gradient = node.outputs.at(static_cast<size_t>(op->bias_gradient_output()));
    EXPECT_EQ(graph.value(bias_gradient).home.memory, Memory::gradients);
  }
  EXPECT_TRUE(nodes_of<QuantizedActivationOp>(pretraining(cpu)).empty());
  EXPECT_EQ(nodes_of<QuantizedActivationGradientOp>(pretraining(gpu, {.first = false, .last = true}))
                .at(0)
                .bases.size(),
            5u);
}

TEST(Quantize, BackwardKeepsWhatItMultipliesInFp8) {
  const auto kept = [](const Target& target) {
    return plan_memory(pretraining(target, {}, Recompute::none, true, large)).lower_bound_bytes;
  };
  EXPECT_LT(kept(gpu), kept({.architecture = Architecture::cuda, .precision = Precision::bf16}));
}

TEST(Quantize, AGradientIsAddedWhereOneIs) {
  const Graph later = pretraining(gpu, {.first = false, .last = true});
  int weights = 0, residuals = 0;
  for (const Node& node : nodes_of<ScaledProductOp>(later)) {
    if (!node.bases[0]) continue;
    const bool of_weight = later.value(node.outputs[0]).home.memory == Memory::gradients;
    ++(of_weight ? weights : residuals);
  }
  EXPECT_EQ(weights, 4 + 5) << "of the micro-batches before";
  EXPECT_GE(residuals, 2) << "of the residual connections";
}

TEST(Quantize, NothingOfItIsInEvaluation) {
  const Graph graph = pretraining(gpu, {}, Recompute::none, false);
  EXPECT_TRUE(nodes_of<QuantizeOp>(graph).empty());
  EXPECT_TRUE(nodes_of<ScaledProductOp>(graph).empty());
}

TEST(Quantize, IsNotDoneAgainWhereLayersAreRecomputed) {
  for (const Recompute recompute : {Recompute::activations, Recompute::layers}) {
    const Graph graph = pretraining(gpu, {}, recompute);
    EXPECT_EQ(nodes_of<QuantizeOp>(graph).size(), nodes_of<QuantizeOp>(pretraining(gpu)).size());
  }
}

TEST(UpdateScaling, EndsTheLastMicroBatchAlone) {
  EXPECT_TRUE(nodes_of<UpdateScalingOp>(pretraining(gpu, {.first = true, .last = false})).empty());
  const Graph graph = pretraining(gpu);
  const std::vector<Node> updates = nodes_of<UpdateScalingOp>(graph);
  ASSERT_EQ(updates.size(), 1u);
  const BertConfig config = config_of_64(0.1f);
  const Float8Scaling scaling = encoder_scaling(bert_parameters(config, {}), Precision::fp8);
  EXPECT_EQ(scaling.tensors(), config.layers * 4 * scaled_tensors);
  EXPECT_EQ(graph.type(updates[0].outputs[0]),
            (ValueType{DType::f32, scaling.tensors(), scaling_columns::count}));
  EXPECT_EQ(scaling.state().elements(), graph.type(updates[0].outputs[0]).elements());
}

TEST(Float8Scaling, NamesWhatCannotBeMultiplied) {
  BertConfig config = small_config();
  config.hidden_size = 24;
  config.heads = 2;
  try {
    encoder_scaling(bert_parameters(config, {}), Precision::fp8);
    FAIL() << "24 is no multiple of 16";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("bert.encoder.layer.0.attention.self.query.weight"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("multiples of 16"));
  }
  EXPECT_EQ(encoder_scaling(bert_parameters(config, {}), Precision::bf16).tensors(), 0);
}

}  // namespace
}  // namespace cloze::testing
