#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/model/bert.h"
#include "tests/golden/golden_model.h"

// Values and gradients of a small BERT against PyTorch in float64. The error of a tensor may be twice that of
// PyTorch's own float32, plus 1e-6 of the largest gradient norm of its layer (the key bias has an exactly
// zero gradient).
namespace cloze {
namespace {

struct Way {
  std::string name;
  DeviceKind device = DeviceKind::cpu;
  PretrainingCompileOptions options = {};
  std::vector<int64_t> cuts = {0, 6};  // micro-batches as ranges of sequences
  Activation activation = Activation::gelu_tanh;
};

std::string layer_of(const std::string& name) {
  const std::string prefix = "bert.encoder.layer.";
  if (name.starts_with(prefix)) return name.substr(0, name.find('.', prefix.size()));
  return name.substr(0, name.find('.', name.find('.') + 1));
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

class ModelGolden : public testing::TestWithParam<Way> {};

TEST_P(ModelGolden, LossesAndGradients) {
  const Way& way = GetParam();
  const std::string run = way.activation == Activation::gelu_tanh ? "gelu_tanh" : "gelu_erf";
  const auto golden = read_doubles(golden_folder() / (run + ".safetensors"));
  const auto errors = read_errors(run);
  const PretrainingBatch batch = golden_batch();
  std::vector<PretrainingBatch> micro_batches;
  for (size_t i = 0; i + 1 < way.cuts.size(); ++i)
    micro_batches.push_back(part_of(batch, way.cuts[i], way.cuts[i + 1]));

  GoldenModel model(way.device, golden_config(way.activation), way.options);
  model.step(micro_batches, nullptr);

  // In double nothing is left but the step's scalars, which enter as float32.
  const double factor = way.device == DeviceKind::reference ? 0 : 2;
  const double floor = way.device == DeviceKind::reference ? 1e-7 : 1e-6;
  // The losses are sums of float row losses here; PyTorch's mean has a float32 error of its own.
  EXPECT_NEAR(model.metrics.loss(), golden.at("output.loss")[0], 2e-6 * golden.at("output.loss")[0]);
  EXPECT_EQ(model.metrics.predictions, 12);

  std::map<std::string, double> layer_norms;
  for (const Parameter& parameter : model.layout().parameters()) {
    double& norm = layer_norms[layer_of(parameter.name)];
    norm = std::max(norm, errors.at("gradient." + parameter.name).norm);
  }
  for (const Parameter& parameter : model.layout().parameters()) {
    const std::string key = "gradient." + parameter.name;
    const double allowed =
        factor * errors.at(key).float32_error + floor * layer_norms[layer_of(parameter.name)];
    EXPECT_LE(largest_difference(model.gradient(parameter.name), golden.at(key)), allowed) << parameter.name;
  }
}

PretrainingCompileOptions with(auto change) {
  PretrainingCompileOptions options;
  change(options);
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    Ways, ModelGolden,
    testing::Values(Way{"cpu"}, Way{"reference", DeviceKind::reference},
                    Way{"cpu_erf", DeviceKind::cpu, {}, {0, 6}, Activation::gelu_erf},
                    Way{"all_rows", DeviceKind::cpu, with([](auto& o) { o.needed_rows = false; })},
                    Way{"unfused", DeviceKind::cpu, with([](auto& o) { o.fuse = false; })},
                    Way{"unfused_reference", DeviceKind::reference,
                        with([](auto& o) { o.fuse = false, o.needed_rows = false; })},
                    Way{"recompute_activations", DeviceKind::cpu,
                        with([](auto& o) { o.recompute = Recompute::activations; })},
                    Way{"recompute_layers", DeviceKind::cpu,
                        with([](auto& o) { o.recompute = Recompute::layers; })},
                    Way{"no_memory_reuse", DeviceKind::cpu, with([](auto& o) { o.memory.reuse = false; })},
                    Way{"two_micro_batches", DeviceKind::cpu, {}, {0, 2, 6}},
                    Way{"six_micro_batches", DeviceKind::cpu, {}, {0, 1, 2, 3, 4, 5, 6}},
                    Way{"three_micro_batches_reference", DeviceKind::reference, {}, {0, 3, 5, 6}}),
    [](const auto& instance) { return instance.param.name; });

// Outputs of the encoder and the heads, in a graph of the forward pass alone.
TEST(ModelGolden, Outputs) {
  const auto golden = read_doubles(golden_folder() / "gelu_tanh.safetensors");
  const auto errors = read_errors("gelu_tanh");
  const PretrainingBatch batch = golden_batch();
  GoldenModel model(DeviceKind::cpu, golden_config(), {});

  Graph graph;
  BertBuilder bert(graph, model.config(), model.layout(), DType::f32, false,
                   add_sequence_inputs(graph, batch.capacity));
  const ValueId rows = graph.add_input(pretraining_names::prediction_rows,
                                       {DType::i32, batch.capacity.predictions, 1, Axis::predictions});
  ValueId x = embeddings(bert);
  graph.mark_result("output.embeddings", x);
  for (int64_t layer = 0; layer < model.config().layers; ++layer) {
    x = encoder_layer(bert, x, layer);
    if (layer + 1 < model.config().layers) graph.mark_result("output.layer." + std::to_string(layer), x);
  }
  graph.mark_result("output.sequence", x);
  const ValueId pooled = pooler(bert, x);
  graph.mark_result("output.pooled", pooled);
  graph.mark_result("output.next_sentence_logits", next_sentence_logits(bert, pooled));
  graph.mark_result("output.masked_lm_logits", masked_language_logits(bert, x, rows));
  run_passes(graph, {.train = false});

  const auto results = graph.results();
  const auto executable = model.engine().compile(std::move(graph), {});
  SequenceLoading(*executable).load(*executable, batch.sequences, {});
  executable->set_live(Axis::predictions, batch.live_predictions);
  executable->write(executable->input(pretraining_names::prediction_rows),
                    std::span<const int32_t>(batch.prediction_rows));
  executable->run();
  for (const auto& result : results) {
    const Slot slot = executable->result(result.name);
    const ValueType type = executable->type(slot);
    std::vector<double> values(static_cast<size_t>(type.elements()));
    executable->read(slot, std::span<double>(values));
    const std::vector<double>& expected = golden.at(result.name);
    const int64_t columns =
        static_cast<int64_t>(expected.size()) / type.rows;  // without the vocabulary's padding
    double largest = 0;
    for (int64_t i = 0; i < static_cast<int64_t>(expected.size()); ++i) {
      const double value = values[static_cast<size_t>(i / columns * type.columns + i % columns)];
      largest = std::max(largest, std::abs(value - expected[static_cast<size_t>(i)]));
    }
    EXPECT_LE(largest, 2 * errors.at(result.name).float32_error + 1e-7 * errors.at(result.name).norm)
        << result.name;
  }
}

}  // namespace
}  // namespace cloze
