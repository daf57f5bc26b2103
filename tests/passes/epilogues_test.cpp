#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "engine/ops/all.h"
#include "tests/tasks/small_pretraining.h"

// Which nodes of a small BERT a GPU's matmul library takes over. That values and gradients stay the same:
// tests/ops (fused against composed), tests/simt (kernels), tests/train (whole runs on the emulator).
namespace cloze::testing {
namespace {

Graph compiled(const PretrainingCompileOptions& options, bool train = true,
               const BertConfig& config = small_config(0.1f)) {
  const ParameterLayout layout = bert_parameters(config, {});
  PretrainingCompileOptions complete = options;
  complete.update = adamw_of(layout);
  return compiled_pretraining_graph(config, layout, complete,
                                    {.tokens = 64, .sequences = 8, .predictions = 12}, DType::f32, train, {});
}
PretrainingCompileOptions on(Architecture architecture, Recompute recompute = Recompute::none) {
  return {.target = {.architecture = architecture}, .recompute = recompute};
}
template <class OpType>
int64_t count(const Graph& graph) {
  return std::ranges::count_if(
      graph.nodes(), [](const Node& node) { return dynamic_cast<const OpType*>(node.op.get()) != nullptr; });
}
int64_t bias_gradients_of_products(const Graph& graph) {
  return std::ranges::count_if(graph.nodes(), [](const Node& node) {
    const auto* op = dynamic_cast<const LinearWeightGradientOp*>(node.op.get());
    return op != nullptr && op->has_bias_gradient();
  });
}

TEST(Epilogues, TakeGeluItsGradientAndBiasGradients) {
  const int64_t layers = small_config().layers;
  const Graph gpu = compiled(on(Architecture::cuda)), cpu = compiled(on(Architecture::cpu));
  EXPECT_EQ(count<LinearGeluOp>(gpu), layers + 1);  // of each layer, and the transform of the masked head
  EXPECT_EQ(count<ActivationOp>(gpu), 1);           // the pooler's tanh
  EXPECT_EQ(count<LinearGeluGradientOp>(gpu), layers);
  EXPECT_EQ(count<ActivationBackwardOp>(gpu), 2);  // the pooler's; the transform's, which a norm reads
  EXPECT_EQ(count<ColumnSumOp>(gpu), 0);
  EXPECT_EQ(bias_gradients_of_products(gpu), count<ColumnSumOp>(cpu) + layers);
  EXPECT_EQ(count<LinearGeluOp>(cpu) + count<LinearGeluGradientOp>(cpu) + bias_gradients_of_products(cpu), 0);
}

TEST(Epilogues, KeepWhatGeluIsTakenOfInTrainingOnly) {
  const auto attributes = [](const Graph& graph) {
    std::set<std::string> found;
    for (const Node& node : graph.nodes())
      if (node.op->name() == "linear_gelu") found.insert(node.op->attributes());
    return found;
  };
  EXPECT_EQ(attributes(compiled(on(Architecture::cuda))), std::set<std::string>{"keep"});
  EXPECT_EQ(attributes(compiled(on(Architecture::cuda), false)), std::set<std::string>{""});
}

TEST(Epilogues, LeaveActivationsThatAreComputedAgain) {
  const Graph graph = compiled(on(Architecture::cuda, Recompute::activations));
  EXPECT_EQ(count<LinearGeluOp>(graph), 0);
  EXPECT_EQ(count<ColumnSumOp>(graph), 0);
}

TEST(Epilogues, LeaveTheOtherGelu) {
  BertConfig config = small_config(0.1f);
  config.activation = Activation::gelu_erf;
  EXPECT_EQ(count<LinearGeluOp>(compiled(on(Architecture::cuda), true, config)), 0);
}

TEST(Epilogues, AreLeftToATargetThatHasThem) {
  PretrainingCompileOptions options = on(Architecture::cuda);
  options.target.matmul_epilogues = false;
  EXPECT_EQ(count<LinearGeluOp>(compiled(options)), 0);
}

}  // namespace
}  // namespace cloze::testing
