#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "engine/base/error.h"
#include "engine/ops/all.h"
#include "tests/tasks/small_pretraining.h"

// Each pass on small BERT graphs: what it changes in the graph, and that values and gradients stay the same.
namespace cloze::testing {
namespace {

constexpr PhiloxKey key{.low = 3, .high = 4};

struct Outcome {
  std::vector<double> gradients;
  PretrainingMetrics metrics;
};

Outcome gradients_of(const PretrainingCompileOptions& options, const BertConfig& config,
                     const std::vector<PretrainingBatch>& batches,
                     DeviceKind device = DeviceKind::reference) {
  SmallModel model(device, config, options);
  model.differentiate(batches, key);
  return {model.flat(Memory::gradients), model.metrics};
}

void expect_same(const Outcome& outcome, const Outcome& plain) {
  EXPECT_LE(largest_relative_error(outcome.gradients, plain.gradients), 1e-12);
  EXPECT_NEAR(outcome.metrics.masked_loss_sum, plain.metrics.masked_loss_sum, 1e-6);
  EXPECT_NEAR(outcome.metrics.next_loss_sum, plain.metrics.next_loss_sum, 1e-6);
  EXPECT_EQ(outcome.metrics.masked_correct, plain.metrics.masked_correct);
}

// The graph as the passes leave it, for a capacity of its own.
Graph compiled(const PretrainingCompileOptions& options = {}, MicroBatch place = {}, bool train = true,
               const BertConfig& config = small_config(0.1f), const PassObserver& observer = {}) {
  const ParameterLayout layout = bert_parameters(config, {});
  PretrainingCompileOptions complete = options;
  complete.update = adamw_of(layout);
  return compiled_pretraining_graph(config, layout, complete,
                                    {.tokens = 64, .sequences = 8, .predictions = 12}, DType::f32, train,
                                    place, observer);
}

template <class OpType>
bool is(const Node& node) {
  return dynamic_cast<const OpType*>(node.op.get()) != nullptr;
}
template <class OpType>
int64_t count(const Graph& graph) {
  return std::count_if(graph.nodes().begin(), graph.nodes().end(), is<OpType>);
}
int64_t count_in(const Graph& graph, Phase phase) {
  return std::count_if(graph.nodes().begin(), graph.nodes().end(),
                       [&](const Node& node) { return node.phase == phase; });
}

PretrainingCompileOptions with(auto change) {
  PretrainingCompileOptions options;
  change(options);
  return options;
}
const PretrainingCompileOptions unfused = with([](auto& o) { o.fuse = false; });
const PretrainingCompileOptions all_rows = with([](auto& o) { o.needed_rows = false; });

// --- fuse ---

TEST(Fuse, KeepsValuesAndGradients) {
  const BertConfig config = small_config(0.1f);
  const std::vector<PretrainingBatch> batches{pack(made_up_sequences(config, 7))};
  expect_same(gradients_of({}, config, batches), gradients_of(unfused, config, batches));
}

TEST(Fuse, MovesBiasesOutOfTheMatmuls) {
  const Graph fused = compiled(), plain = compiled(unfused);
  const auto biased = [](const Graph& graph) {
    return std::count_if(graph.nodes().begin(), graph.nodes().end(),
                         [](const Node& node) { return is<LinearOp>(node) && node.inputs[2]; });
  };
  // Left are query with key and value of the first layer, query and key with value of the last, and both
  // heads' logits.
  EXPECT_EQ(biased(fused), 5);
  // Of every layer the attention output, intermediate and output; the pooler; the transform of the masked
  // head.
  EXPECT_EQ(biased(plain), biased(fused) + 2 * 3 + 2);
  EXPECT_EQ(count<ColumnSumOp>(plain), biased(plain));
  EXPECT_EQ(count<ColumnSumOp>(fused), biased(fused));
}

TEST(Fuse, LeavesTheBiasToAMatmulLibraryThatAddsIt) {
  const BertConfig config = small_config();
  const ParameterLayout layout = bert_parameters(config, {});
  const auto text = [&](bool fused, bool matmul_adds_bias) {
    PretrainingGraph task = pretraining_graph(config, layout, true, {64, 8, 12}, DType::f32, true);
    PassOptions options{.target = {.matmul_adds_bias = matmul_adds_bias},
                        .losses = task.losses,
                        .fuse = fused,
                        .micro_batch = {.last = false}};
    run_passes(task.graph, options);
    return to_text(task.graph);
  };
  EXPECT_EQ(text(true, true), text(false, false));
  EXPECT_NE(text(true, false), text(false, false));
}

TEST(Fuse, InEvaluationToo) {
  const Graph graph = compiled({}, {}, false);
  EXPECT_TRUE(std::any_of(graph.nodes().begin(), graph.nodes().end(), [](const Node& node) {
    return is<LayerNormOp>(node) && node.inputs[LayerNormOp::bias];
  }));
}

// --- needed rows ---

struct NeededRowsCase {
  std::string name;
  int64_t layers;
  bool next_sentence;
};
class NeededRows : public ::testing::TestWithParam<NeededRowsCase> {};

TEST_P(NeededRows, KeepValuesAndGradients) {
  BertConfig config = small_config(0.1f);
  config.layers = GetParam().layers;
  const std::vector<Sequence> sequences = made_up_sequences(config, 7);
  ASSERT_TRUE(std::any_of(sequences.begin(), sequences.end(),
                          [](const Sequence& sequence) { return sequence.prediction_positions.empty(); }));
  const Capacity roomy{.tokens = 100, .sequences = 10, .predictions = 25};
  for (const auto& batch : {pack(sequences), pack(sequences, 0, roomy)}) {
    PretrainingCompileOptions some, all = all_rows;
    some.next_sentence = all.next_sentence = GetParam().next_sentence;
    const Outcome whole = gradients_of(all, config, {batch});
    expect_same(gradients_of(some, config, {batch}), whole);
    EXPECT_LE(largest_relative_error(gradients_of(some, config, {batch}, DeviceKind::cpu).gradients,
                                     whole.gradients),
              1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Passes, NeededRows,
                         ::testing::Values(NeededRowsCase{"no_layers", 0, true},
                                           NeededRowsCase{"one_layer", 1, true},
                                           NeededRowsCase{"two_layers", 2, true},
                                           NeededRowsCase{"without_next_sentence", 2, false}),
                         [](const auto& instance) { return instance.param.name; });

TEST(NeededRows, OfALastLayerOnly) {
  const Graph graph = compiled();
  std::set<std::string> by_token, by_needed;
  for (const Node& node : graph.nodes()) {
    if (!is<LinearOp>(node)) continue;
    if (graph.type(node.inputs[0]).axis == Axis::tokens) by_token.insert(node.scope);
    if (graph.type(node.inputs[0]).axis == Axis::needed) by_needed.insert(node.scope);
  }
  const std::set<std::string> last{"encoder.layer.1.attention", "encoder.layer.1.feed_forward"};
  EXPECT_EQ(by_needed, last);
  // Keys and values of the last layer are those of every token.
  const std::set<std::string> first{"encoder.layer.0.attention", "encoder.layer.0.feed_forward",
                                    "encoder.layer.1.attention"};
  EXPECT_EQ(by_token, first);
  EXPECT_TRUE(graph.find_input(needed_inputs::rows));
  EXPECT_EQ(graph.type(graph.find_input(needed_inputs::rows)).rows, 8 + 12);
  EXPECT_FALSE(compiled(all_rows).find_input(needed_inputs::rows));
}

// A value that something else reads has to be whole.
TEST(NeededRows, NotOfAResult) {
  const BertConfig config = small_config();
  const ParameterLayout layout = bert_parameters(config, {});
  Graph graph;
  BertBuilder bert(graph, config, layout, DType::f32, false, add_sequence_inputs(graph, {64, 8, 12}));
  const ValueId x = encoder(bert);
  graph.mark_result("pooled", pooler(bert, x));
  graph.mark_result("sequence_output", x);
  const std::string before = to_text(graph);
  compute_needed_rows(graph, {});
  EXPECT_EQ(to_text(graph), before);
}

// --- accumulate ---

TEST(Accumulate, NoGradientIsAddedInAPassOfItsOwn) {
  for (const bool needed : {true, false}) {
    for (const bool fused : {true, false}) {
      for (const bool first : {true, false}) {
        const Graph graph =
            compiled(with([&](auto& o) { o.needed_rows = needed, o.fuse = fused; }), {.first = first});
        EXPECT_EQ(count<AddOp>(graph), 0) << needed << fused << first;
      }
    }
  }
}

TEST(Accumulate, TheTiedEmbeddingAddsToTheGradientOfTheHead) {
  const Graph graph = compiled();
  int found = 0;
  for (const Node& node : graph.nodes()) {
    if (!is<EmbeddingBackwardOp>(node)) continue;
    ++found;
    const ValueId base = node.bases[EmbeddingBackwardOp::word_gradient];
    ASSERT_TRUE(base);
    EXPECT_TRUE(is<LinearWeightGradientOp>(graph.producer(base)));
    EXPECT_EQ(graph.producer(base).scope, "masked_language");
    EXPECT_EQ(graph.value(base).home, graph.value(node.outputs[EmbeddingBackwardOp::word_gradient]).home);
    EXPECT_FALSE(node.bases[EmbeddingBackwardOp::type_gradient]);
  }
  EXPECT_EQ(found, 1);
}

// The sum of two gradients is read by both summands' readers in the wrong order: it must stay an addition.
TEST(Accumulate, NotOverAValueThatIsReadLater) {
  Graph graph;
  const ValueType type{DType::f32, 8, 4};
  const ValueId weight = graph.add_input("weight", {DType::f32, 4, 4}), x = graph.add_input("x", type);
  graph.set_phase(Phase::backward);
  const ValueId base = graph.add(std::make_shared<LinearInputGradientOp>(), {x, weight})[0];
  const ValueId added = graph.add(std::make_shared<LinearInputGradientOp>(), {x, weight})[0];
  const ValueId reader = graph.add(std::make_shared<ActivationOp>(Activation::tanh), {base, no_value})[0];
  const ValueId second_reader =
      graph.add(std::make_shared<ActivationOp>(Activation::tanh), {added, no_value})[0];
  const ValueId sum = add(graph, base, added);
  for (const ValueId id : {reader, second_reader, sum}) graph.mark_result("result", id);
  const std::string before = to_text(graph);
  accumulate_in_place(graph, {});
  EXPECT_NO_THROW(validate(graph));
  EXPECT_EQ(to_text(graph), before);
}

// --- micro-batches and the update ---

TEST(MicroBatches, LaterOnesAddAndOnlyTheLastUpdates) {
  for (const bool first : {true, false}) {
    for (const bool last : {true, false}) {
      SCOPED_TRACE(std::string(first ? "first" : "later") + (last ? ", update" : ", keep"));
      const Graph graph = compiled({}, {.first = first, .last = last});
      int64_t gradients = 0, added = 0;
      for (const Node& node : graph.nodes()) {
        for (size_t i = 0; i < node.outputs.size(); ++i) {
          if (node.phase == Phase::update || graph.value(node.outputs[i]).home.memory != Memory::gradients)
            continue;
          ++gradients;
          if (node.bases[i]) ++added;
        }
      }
      EXPECT_GT(gradients, 40);
      // In the first one only the tied embedding has something to add to.
      EXPECT_EQ(added, first ? 1 : gradients);
      EXPECT_EQ(count_in(graph, Phase::update), last ? 3 : 0);
      EXPECT_EQ(graph.results().size(), last ? 8u : 6u);
      EXPECT_EQ(count<UpdateOp>(graph), last ? 1 : 0);
    }
  }
}

TEST(MicroBatches, SumToTheGradientOfTheWhole) {
  const BertConfig config = small_config(0.1f);
  const std::vector<Sequence> sequences = made_up_sequences(config, 7);
  expect_same(gradients_of({}, config, micro_batches(sequences, 3)),
              gradients_of({}, config, {pack(sequences)}));
  expect_same(gradients_of(unfused, config, micro_batches(sequences, 2)),
              gradients_of({}, config, {pack(sequences)}));
}

TEST(Update, CollectsEveryGradientOnce) {
  const BertConfig config = small_config();
  const ParameterLayout layout = bert_parameters(config, {});
  for (const MicroBatch place : {MicroBatch{}, MicroBatch{.first = false}}) {
    const Graph graph = compiled({}, place);
    std::vector<char> covered(static_cast<size_t>(layout.elements()));
    for (const Node& node : graph.nodes()) {
      if (!is<CollectGradientsOp>(node)) continue;
      for (const ValueId id : node.inputs) {
        const Home home = graph.value(id).home;
        ASSERT_EQ(home.memory, Memory::gradients);
        for (int64_t i = 0; i < graph.type(id).elements(); ++i)
          ++covered[static_cast<size_t>(home.offset + i)];
      }
    }
    for (const Parameter& parameter : layout.parameters()) {
      const auto begin = covered.begin() + parameter.offset;
      EXPECT_EQ(std::count(begin, begin + parameter.elements(), 1), parameter.elements()) << parameter.name;
    }
  }
}

// --- recompute ---

TEST(Recompute, SameValuesInLessMemory) {
  BertConfig config = small_config(0.1f);
  config.layers = 3;
  const std::vector<Sequence> sequences = made_up_sequences(config, 7);
  const auto options = [](Recompute mode) { return with([&](auto& o) { o.recompute = mode; }); };
  const Outcome plain = gradients_of(options(Recompute::none), config, {pack(sequences)});
  std::map<Recompute, int64_t> bytes, forward, backward;
  for (const Recompute mode : {Recompute::none, Recompute::activations, Recompute::layers}) {
    expect_same(gradients_of(options(mode), config, {pack(sequences)}), plain);
    expect_same(gradients_of(options(mode), config, micro_batches(sequences, 3)), plain);
    BertConfig deep = small_config(0.1f);
    deep.layers = 6;
    const Graph graph = compiled(options(mode), {}, true, deep);
    bytes[mode] = plan_memory(graph).arena_bytes;
    forward[mode] = count_in(graph, Phase::forward);
    backward[mode] = count_in(graph, Phase::backward);
  }
  EXPECT_LT(bytes[Recompute::activations], bytes[Recompute::none]);
  EXPECT_LT(bytes[Recompute::layers], bytes[Recompute::activations]);
  EXPECT_EQ(forward[Recompute::activations], forward[Recompute::none]);
  // Of every layer an activation and the first norm's output; the second's but for the last layer's, of which
  // heads read needed rows.
  EXPECT_EQ(backward[Recompute::activations], backward[Recompute::none] + 6 + 6 + 5);
  EXPECT_GT(backward[Recompute::layers], backward[Recompute::activations]);
}

int64_t recomputed_norms(const Graph& graph) {
  return std::count_if(graph.nodes().begin(), graph.nodes().end(), [](const Node& node) {
    return is<LayerNormOp>(node) && node.phase == Phase::backward;
  });
}

TEST(Recompute, ByItselfTheActivationsOnACpuAndNothingOnAGpu) {
  const auto text = [](Recompute mode, Architecture architecture) {
    return to_text(compiled({.target = {.architecture = architecture}, .recompute = mode}));
  };
  using enum Recompute;
  EXPECT_EQ(text(automatic, Architecture::cpu), text(activations, Architecture::cpu));
  EXPECT_EQ(text(automatic, Architecture::cuda), text(none, Architecture::cuda));
  EXPECT_NE(text(activations, Architecture::cpu), text(none, Architecture::cpu));
}

// Of a rounded sum the norm is not the one of forward.
TEST(Recompute, KeepsOutputsOfNormsWhoseSumsAreRounded) {
  const auto norms = [](Precision precision) {
    return recomputed_norms(compiled({.target = {.architecture = Architecture::cuda, .precision = precision},
                                      .recompute = Recompute::activations}));
  };
  EXPECT_GT(norms(Precision::full), 0);
  EXPECT_EQ(norms(Precision::bf16), 0);
}

// --- drop unused ---

TEST(DropUnused, KeepsWhatIsReadOrOutlivesTheStep) {
  Graph graph;
  const ValueType type{DType::f32, 4, 4};
  const ValueId x = graph.add_input("x", type);
  const auto tanh = [&](ValueId input) {
    return graph.add(std::make_shared<ActivationOp>(Activation::tanh), {input, no_value})[0];
  };
  const ValueId kept = tanh(x), unused = tanh(kept), only_for_unused = tanh(unused), homed = tanh(kept);
  graph.set_home(homed, {Memory::gradients, 0});
  graph.mark_result("kept", kept);
  drop_unused(graph, {});
  EXPECT_NO_THROW(validate(graph));
  ASSERT_EQ(graph.nodes().size(), 2u);
  EXPECT_EQ(graph.nodes()[0].outputs[0], kept);
  EXPECT_EQ(graph.nodes()[1].outputs[0], homed);
  EXPECT_FALSE(graph.produced(unused));
  EXPECT_FALSE(graph.produced(only_for_unused));
}

TEST(DropUnused, LeavesNoNodeToDrop) {
  for (const bool train : {true, false}) {
    Graph graph = compiled({}, {}, train);
    const size_t before = graph.nodes().size();
    drop_unused(graph, {});
    EXPECT_EQ(graph.nodes().size(), before);
  }
}

// --- the list ---

TEST(RunPasses, ShowsTheGraphAfterEach) {
  std::vector<std::string> seen;
  compiled({}, {}, true, small_config(), [&](std::string_view pass, const Graph& graph) {
    EXPECT_NO_THROW(validate(graph));
    seen.emplace_back(pass);
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"model", "needed_rows", "order_attention", "differentiate",
                                            "precision", "fuse", "quantize", "quantize_where_made",
                                            "epilogues", "accumulate", "micro_batch", "recompute", "reduce",
                                            "update", "update_scaling", "drop_unused"}));
  seen.clear();
  const Graph evaluation = compiled({}, {}, false, small_config(),
                                    [&](std::string_view pass, const Graph&) { seen.emplace_back(pass); });
  EXPECT_EQ(seen, (std::vector<std::string>{"model", "needed_rows", "order_attention", "precision", "fuse",
                                            "epilogues", "drop_unused"}));
  EXPECT_EQ(count_in(evaluation, Phase::backward), 0);
}

TEST(RunPasses, NamesThePassThatBreaksTheGraph) {
  Graph graph;
  const ValueId x = graph.add_input("x", {DType::f32, 4, 4});
  const auto tanh = std::make_shared<ActivationOp>(Activation::tanh);
  graph.mark_result("y", graph.add(tanh, {graph.add(tanh, {x, no_value})[0], no_value})[0]);
  std::vector<std::string> seen;
  const std::vector<Pass> passes{{"harmless", "", drop_unused, false},
                                 {"reverse", "turns the schedule round",
                                  [](Graph& broken, const PassOptions&) {
                                    std::vector<Node> nodes = broken.nodes();
                                    std::reverse(nodes.begin(), nodes.end());
                                    broken.set_nodes(std::move(nodes));
                                  },
                                  false},
                                 {"never", "", drop_unused, false}};
  try {
    run_passes(graph, passes, {}, [&](std::string_view pass, const Graph&) { seen.emplace_back(pass); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.problem().what, "the graph is inconsistent (an internal error) after pass `reverse`");
    EXPECT_EQ(error.problem().why, "%1 is used before it is produced");
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"model", "harmless"}));
}

TEST(RunPasses, RefusesABrokenModel) {
  Graph graph;
  const ValueId x = graph.add_input("x", {DType::f32, 4, 4});
  graph.add(std::make_shared<ActivationOp>(Activation::tanh), {x, no_value});
  std::vector<Node> nodes = graph.nodes();
  nodes.push_back(nodes[0]);  // its output is produced twice
  graph.set_nodes(std::move(nodes));
  EXPECT_THROW(run_passes(graph, {.train = false}), Error);
}

}  // namespace
}  // namespace cloze::testing
