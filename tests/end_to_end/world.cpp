#include "tests/end_to_end/world.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "engine/base/file.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;

constexpr const char* tiny_pretraining = R"(output: run
threads: 1
data:
  train: corpus
  validation: corpus-valid
  max_sequence_length: 32
  max_predictions: 5
model:
  layers: 1
  hidden_size: 32
  heads: 2
  intermediate_size: 64
  max_positions: 64
batch:
  sequences: 8
training:
  steps: 20
optimizer:
  learning_rate: 1e-3
evaluation:
  every: 1000
  sequences: 64
checkpoint:
  every: 10
log:
  every: 1
  examples: 1
  tensorboard: false
)";

void must_work(const Arguments& arguments) {
  const Outcome outcome = run(arguments);
  if (outcome.exit_code != 0)
    throw std::runtime_error(fmt::format("cloze {} failed: {}", arguments.front(), outcome.log));
}

// The first `count` documents: they end with blank lines.
std::string first_documents(const std::string& text, int count) {
  size_t end = 0;
  for (int i = 0; i < count; ++i) end = text.find("\n\n", end) + 2;
  return text.substr(0, end);
}

}  // namespace

World::World() : root_(fs::temp_directory_path() / fmt::format("cloze_end_to_end_{}", ::getpid())) {
  const fs::path text = root_ / "text", vocabulary = root_ / "vocab.txt";
  fs::create_directories(root_);
  must_work({"sample", "--output", text});
  must_work({"vocab", "--input", text / "corpus.txt", "--size", "1000", "--output", vocabulary});
  write_file(text / "little.txt", first_documents(read_file(text / "corpus-valid.txt"), 16));
  for (const auto& [source, corpus] :
       {std::pair("corpus.txt", "corpus"), {"corpus-valid.txt", "corpus-valid"}, {"little.txt", "little"}}) {
    must_work({"prepare", "--input", text / source, "--vocab", vocabulary, "--output", root_ / corpus});
  }
  write_file(root_ / "pretrain.yaml", tiny_pretraining);
}

World::~World() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

const World& World::get() {
  static const World world;
  return world;
}

Arguments pretrain_call(const fs::path& output, const std::vector<std::string>& settings,
                        const std::vector<std::string>& flags) {
  Arguments arguments{"pretrain", World::get() / "pretrain.yaml", "--set", "output=" + output.string()};
  for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return arguments;
}

std::map<int64_t, double> training_losses(const fs::path& run) {
  std::map<int64_t, double> losses;
  std::istringstream lines(read_file(run / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("split") != "train") continue;
    const int64_t step = record.at("step");
    if (!losses.emplace(step, record.at("loss")).second)
      throw std::runtime_error(fmt::format("step {} is twice in metrics.jsonl", step));
  }
  return losses;
}

std::vector<int64_t> checkpoint_steps(const fs::path& run) {
  constexpr std::string_view prefix = "step-";
  std::vector<int64_t> steps;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints")) {
    const std::string name = entry.path().filename();
    if (name.starts_with(prefix)) steps.push_back(std::stoll(name.substr(prefix.size())));
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

FinalState final_state(const fs::path& run) {
  return {.model = read_file(run / "latest" / "model.safetensors"),
          .optimizer = read_file(run / "latest" / "optimizer.safetensors")};
}

}  // namespace cloze::end_to_end
