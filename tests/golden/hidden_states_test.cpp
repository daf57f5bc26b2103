#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/model/bert.h"
#include "engine/passes/passes.h"
#include "engine/tasks/sequence_loading.h"
#include "tests/golden/golden_model.h"

// Checkpoints of other programs, opened as they are and run, against Hugging Face in float64
// (tests/golden/checkpoint/make_hidden_states.py). The error of a tensor may be twice that of PyTorch's own
// float32; in double nothing is left but the layer norm's epsilon, which enters as float32.
namespace cloze {
namespace {

namespace fs = std::filesystem;

struct Opened {
  std::string name;  // in the golden files
  fs::path folder;   // from the repository's root
  std::string prefix = "";
  DeviceKind device = DeviceKind::cpu;
};

const Opened opened[] = {
    {"tensorflow_training", "tests/golden/checkpoint/tensorflow_training"},
    {"tensorflow_training", "tests/golden/checkpoint/tensorflow_training", "model.ckpt-7",
     DeviceKind::reference},
    {"tensorflow_tiny", "../shared/data/checkpoints/tensorflow-tiny"},
    {"tensorflow_tiny", "../shared/data/checkpoints/tensorflow-tiny", "bert_model.ckpt",
     DeviceKind::reference},
    {"huggingface_tiny", "../shared/data/checkpoints/huggingface-tiny"},
    {"huggingface_tiny", "../shared/data/checkpoints/huggingface-tiny", "", DeviceKind::reference},
};

std::unique_ptr<Engine> engine_with(const ParameterLayout& layout, const TensorSource& source,
                                    DeviceKind device) {
  auto engine = make_engine(device, layout.elements());
  for (const Parameter& parameter : layout.parameters()) {
    engine->write(Memory::parameters, parameter.offset, source.values_of(parameter.name));
  }
  return engine;
}

Graph graph_of(const BertConfig& config, const ParameterLayout& layout, const Capacity& capacity, DType real,
               bool with_pooler) {
  Graph graph;
  BertBuilder bert(graph, config, layout, real, false, add_sequence_inputs(graph, capacity));
  ValueId x = embeddings(bert);
  graph.mark_result("hidden.0", x);
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    x = encoder_layer(bert, x, layer);
    graph.mark_result("hidden." + std::to_string(layer + 1), x);
  }
  if (with_pooler) graph.mark_result("pooled", pooler(bert, x));
  run_passes(graph, {.train = false});
  return graph;
}

// The model at `path` against what `golden` holds under `name`.
void expect_hidden_states(const fs::path& path, const fs::path& golden_files, const std::string& name,
                          DeviceKind device) {
  const auto golden = read_doubles(golden_files / "values.safetensors");
  const auto errors = read_errors(golden_files / "errors.json", name);
  const PackedSequences sequences = packed_sequences(golden, name + ".");
  const Checkpoint checkpoint = open_model(path);
  const BertConfig& config = checkpoint.config().bert;
  const bool with_pooler = errors.contains("pooled");
  const ParameterLayout layout =
      bert_parameters(config, {.pooler = with_pooler, .masked_language = false, .next_sentence = false});
  const auto engine = engine_with(layout, checkpoint.parameters(), device);
  const Capacity capacity{sequences.live_tokens, sequences.live_sequences, 0};
  const auto executable =
      engine->compile(graph_of(config, layout, capacity, engine->real(), with_pooler), {});
  SequenceLoading(*executable).load(*executable, sequences, {});
  executable->run();

  for (const auto& [tensor, error] : errors) {
    const std::vector<double>& expected = golden.at(name + "." + tensor);
    std::vector<double> found(expected.size());
    executable->read(executable->result(tensor), std::span<double>(found));
    double largest = 0;
    for (size_t i = 0; i < expected.size(); ++i)
      largest = std::max(largest, std::abs(found[i] - expected[i]));
    const double factor = device == DeviceKind::reference ? 0 : 2;
    EXPECT_LE(largest, factor * error.float32_error + 1e-7 * error.norm) << tensor;
    testing::Test::RecordProperty(tensor,
                                  fmt::format("{:.3e} (PyTorch {:.3e})", largest, error.float32_error));
  }
}

class CheckpointHiddenStates : public testing::TestWithParam<Opened> {};

TEST_P(CheckpointHiddenStates, AreHuggingFaces) {
  const Opened& model = GetParam();
  const fs::path path = fs::path(CLOZE_SOURCE_DIR) / model.folder / model.prefix;
  if (!fs::exists(path.parent_path())) GTEST_SKIP() << path << " is not there";
  expect_hidden_states(path, fs::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint/hidden_states", model.name,
                       model.device);
}

// Any other model: profiling/compare/hidden_states.py makes its values and calls this test.
TEST(HiddenStates, OfTheModelInTheEnvironment) {
  const char *model = std::getenv("CLOZE_COMPARED_MODEL"), *values = std::getenv("CLOZE_COMPARED_VALUES");
  if (model == nullptr || values == nullptr) GTEST_SKIP() << "profiling/compare/hidden_states.py names none";
  expect_hidden_states(model, values, "model", DeviceKind::cpu);
}

INSTANTIATE_TEST_SUITE_P(Opened, CheckpointHiddenStates, testing::ValuesIn(opened), [](const auto& instance) {
  const Opened& model = instance.param;
  return model.name + (model.prefix.empty() ? "" : "_by_prefix") +
         (model.device == DeviceKind::reference ? "_reference" : "");
});

}  // namespace
}  // namespace cloze
