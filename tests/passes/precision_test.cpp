#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/ops/all.h"
#include "engine/tasks/finetuning_graph.h"
#include "tests/tasks/small_pretraining.h"

// What the passes `precision` and `order_attention` make of whole training graphs.
namespace cloze::testing {
namespace {

constexpr Target gpu{.architecture = Architecture::cuda, .precision = Precision::bf16};
constexpr Capacity capacity{.tokens = 64, .sequences = 8, .predictions = 12};

Graph pretraining(const Target& target, MicroBatch place = {}, Recompute recompute = Recompute::none) {
  const BertConfig config = small_config(0.1f);
  const ParameterLayout layout = bert_parameters(config, {});
  PretrainingCompileOptions options{.target = target, .recompute = recompute, .update = adamw_of(layout)};
  return compiled_pretraining_graph(config, layout, options, capacity, DType::f32, true, place);
}

Graph finetuning(TaskKind kind, const Target& target) {
  const FinetuningModel model{.kind = kind, .config = small_config(0.1f), .head = bert_head(kind, 2)};
  const ParameterLayout layout = finetuning_parameters(model.config, model.head);
  FinetuningGraph task = finetuning_graph(model, layout, capacity, DType::f32, true);
  run_passes(task.graph, {.target = target,
                          .losses = task.losses,
                          .parameter_elements = layout.elements(),
                          .update_scalars = task.update_scalars,
                          .update = adamw_of(layout)});
  return std::move(task.graph);
}

template <class OpType>
std::vector<Node> nodes_of(const Graph& graph) {
  std::vector<Node> found;
  for (const Node& node : graph.nodes())
    if (dynamic_cast<const OpType*>(node.op.get()) != nullptr) found.push_back(node);
  return found;
}

TEST(Precision, ChangesNothingWhereTheTargetComputesInFull) {
  const std::string text = to_text(pretraining({.architecture = Architecture::cuda}));
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("bf16")));
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("cast")));
}

TEST(Precision, OnACpuOnlyOperandsOfProductsAreRounded) {
  const Graph graph = pretraining({.architecture = Architecture::cpu, .precision = Precision::bf16_products});
  EXPECT_THAT(to_text(graph), ::testing::Not(::testing::HasSubstr("cast")));
  for (const Node& node : graph.nodes()) {
    const bool product = node.op->name().starts_with("linear");
    EXPECT_EQ(node.precision, product ? Precision::bf16_products : Precision::full) << node.op->name();
    for (const ValueId output : node.outputs) EXPECT_NE(graph.type(output).dtype, DType::bf16);
  }
  EXPECT_EQ(nodes_of<LinearOp>(graph).empty(), false);
}

TEST(Precision, ActivationsAreLowAndWhatIsSummedIsFull) {
  const Graph graph = pretraining(gpu);
  const auto dtype = [&](ValueId id) { return graph.type(id).dtype; };
  for (const Node& node : nodes_of<LinearOp>(graph)) {
    EXPECT_EQ(node.precision, Precision::bf16);
    EXPECT_EQ(dtype(node.outputs[0]), DType::bf16);
    EXPECT_EQ(graph.value(node.inputs[1]).home.memory, Memory::compute_copy);
    if (node.inputs[2]) {
      EXPECT_EQ(graph.value(node.inputs[2]).home.memory, Memory::compute_copy);
    }
  }
  for (const Node& node : nodes_of<LinearWeightGradientOp>(graph)) {
    EXPECT_EQ(dtype(node.inputs[0]), DType::bf16);
    EXPECT_EQ(dtype(node.outputs[0]), DType::f32);
  }
  for (const Node& node : nodes_of<LayerNormOp>(graph)) {
    EXPECT_EQ(graph.value(node.inputs[LayerNormOp::gamma]).home.memory, Memory::parameters);
    EXPECT_EQ(dtype(node.outputs[0]), DType::bf16);
    EXPECT_EQ(dtype(node.outputs[2]), DType::f32);
  }
  for (const Node& node : nodes_of<AttentionOp>(graph)) EXPECT_EQ(dtype(node.outputs[1]), DType::f32);
  for (const Node& node : nodes_of<CrossEntropyOp>(graph)) {
    EXPECT_EQ(dtype(node.outputs[CrossEntropyOp::loss]), DType::f32);
    EXPECT_EQ(dtype(node.outputs[CrossEntropyOp::gradient]), DType::bf16);
  }
  const Node embedding = nodes_of<EmbeddingOp>(graph).at(0);
  EXPECT_EQ(graph.value(embedding.inputs[EmbeddingOp::word]).home.memory, Memory::compute_copy);
  EXPECT_EQ(dtype(embedding.outputs[0]), DType::bf16);
  EXPECT_TRUE(nodes_of<CastOp>(graph).empty()) << "BERT's pretraining needs no cast";
  EXPECT_THAT(to_text(graph), ::testing::HasSubstr("bf16}  # forward encoder.layer.0"));
}

TEST(Precision, EveryGradientOfAParameterIsFull) {
  for (const MicroBatch place : {MicroBatch{true, true}, MicroBatch{false, true}})
    for (const Recompute recompute : {Recompute::none, Recompute::activations, Recompute::layers}) {
      const Graph graph = pretraining(gpu, place, recompute);
      for (const Node& node : graph.nodes())
        for (const ValueId id : node.outputs)
          if (graph.value(id).home.memory == Memory::gradients) {
            EXPECT_EQ(graph.type(id).dtype, DType::f32) << node.op->name() << " in " << node.scope;
          }
    }
}

TEST(Precision, TheUpdateWritesTheCopyThatIsComputedWith) {
  const Graph graph = pretraining(gpu);
  const Node update = nodes_of<UpdateOp>(graph).at(0);
  const ValueId copy = update.outputs.at(UpdateOp::new_compute_copy);
  EXPECT_EQ(graph.value(copy).home, (Home{Memory::compute_copy, 0}));
  EXPECT_EQ(graph.type(copy).dtype, DType::bf16);
  EXPECT_EQ(nodes_of<UpdateOp>(pretraining({})).at(0).outputs.size(), 5u);
}

// A squared error is taken in f32: a cast to it, and one of the gradient back.
TEST(Precision, CastsStandWhereTwoNodesDiffer) {
  const Graph graph = finetuning(TaskKind::regression, gpu);
  const std::vector<Node> casts = nodes_of<CastOp>(graph);
  ASSERT_EQ(casts.size(), 2u);
  const Node error = nodes_of<SquaredErrorOp>(graph).at(0);
  EXPECT_EQ(error.precision, Precision::full);
  EXPECT_EQ(error.inputs[0], casts[0].outputs[0]);
  EXPECT_EQ(casts[1].inputs[0], error.outputs[SquaredErrorOp::gradient]);
  EXPECT_EQ(casts[1].phase, Phase::backward);
  EXPECT_EQ(graph.type(casts[1].outputs[0]).dtype, DType::bf16);
}

TEST(Precision, EveryTaskHasAGraph) {
  for (const TaskKind kind : {TaskKind::classification, TaskKind::tagging, TaskKind::multiple_choice,
                              TaskKind::question_answering, TaskKind::regression})
    EXPECT_NO_THROW(finetuning(kind, gpu));
}

TEST(Precision, BeginsWithAGraphInF32) {
  const BertConfig config = small_config();
  PretrainingGraph task =
      pretraining_graph(config, bert_parameters(config, {}), true, capacity, DType::f64, false);
  EXPECT_THROW(run_passes(task.graph, {.target = gpu, .train = false}), Error);
}

// One order for the tokens, one for the needed rows of the last layer; forward and backward use it.
TEST(OrderAttention, OnceForEachPairOfOffsets) {
  const Graph graph = pretraining(gpu);
  const std::vector<Node> orders = nodes_of<AttentionWorkOp>(graph);
  ASSERT_EQ(orders.size(), 2u);
  for (const Node& node : nodes_of<AttentionOp>(graph)) {
    const bool packed = node.inputs[AttentionOp::query_offsets] == node.inputs[AttentionOp::key_offsets];
    EXPECT_EQ(node.inputs[AttentionOp::work], orders[packed ? 0 : 1].outputs[0]);
  }
  for (const Node& node : nodes_of<AttentionBackwardOp>(graph))
    EXPECT_TRUE(bool(node.inputs[AttentionBackwardOp::work]));
  EXPECT_TRUE(nodes_of<AttentionWorkOp>(pretraining({})).empty());
}

}  // namespace
}  // namespace cloze::testing
