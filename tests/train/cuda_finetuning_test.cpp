// Fine-tuning with `device: cuda`, on the emulator of tests/simt: the losses and predictions of the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/config/config.h"
#include "engine/train/finetuned_model.h"
#include "engine/train/finetuner.h"
#include "engine/train/pretrainer.h"
#include "tests/train/small_run.h"

namespace cloze::testing {
namespace {

namespace fs = std::filesystem;

// A model of a few steps, with a vocabulary of "w0" to "w54".
fs::path pretrained_in(const TemporaryFolder& folder) {
  write_small_corpus(folder, 30);
  PretrainOptions options = small_run(folder, "pretrained");
  options.model.initializer_range = 0.1;
  options.training.steps = 3;
  pretrain(options, ExistingRun::refuse);
  return options.output;
}

// Texts of w0 ... w9 are "low", those of w40 ... w49 "high".
void write_texts(const fs::path& file, int count) {
  std::string text = "text\tlabel\n";
  for (int i = 0; i < count; ++i) {
    const bool high = i % 2 == 0;
    for (int word = 0; word < 3 + i % 4; ++word)
      text += "w" + std::to_string((high ? 40 : 0) + (7 * i + 3 * word) % 10) + " ";
    text += high ? "\thigh\n" : "\tlow\n";
  }
  write_file(file, text);
}

std::string classification(const TemporaryFolder& folder, const fs::path& model) {
  write_texts(folder / "train.tsv", 24);
  write_texts(folder / "valid.tsv", 10);
  return "model: {from: " + model.string() + "}\n" +
         "task: {kind: classification, max_sequence_length: 16, columns: {text_a: text, label: label}}\n" +
         "data: {train: " + (folder / "train.tsv").string() +
         ", validation: " + (folder / "valid.tsv").string() + ", test: " + (folder / "valid.tsv").string() +
         "}\n";
}

std::string questions(const TemporaryFolder& folder, const fs::path& model) {
  nlohmann::json paragraphs;
  for (int i = 0; i < 6; ++i) {
    const std::string answer = "w" + std::to_string(20 + i);
    paragraphs.push_back({{"context", "w1 w2 " + answer + " w3 w4"},
                          {"qas",
                           {{{"id", "q" + std::to_string(i)},
                             {"question", "w50 w5" + std::to_string(i % 5)},
                             {"answers", {{{"text", answer}, {"answer_start", 6}}}}}}}});
  }
  write_file(
      folder / "squad.json",
      nlohmann::json{{"version", "1.1"}, {"data", {{{"title", "t"}, {"paragraphs", paragraphs}}}}}.dump());
  return "model: {from: " + model.string() + "}\ntask: {preset: squad}\n" +
         "question_answering: {max_sequence_length: 24, doc_stride: 8, max_query_length: 6}\n" +
         "data: {train: " + (folder / "squad.json").string() +
         ", validation: " + (folder / "squad.json").string() + "}\n";
}

std::vector<double> train_losses(const fs::path& run) {
  std::vector<double> losses;
  std::ifstream lines(run / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("split") == "train") losses.push_back(record.at("loss"));
  }
  return losses;
}

fs::path finetuned(const TemporaryFolder& folder, const std::string& yaml, const std::string& device) {
  const fs::path file = folder / (device + ".yaml"), run = folder / ("run-" + device);
  write_file(file,
             yaml + "output: " + run.string() + "\nprecision: f32\nthreads: 1\ndevice: " + device +
                 "\nbatch: {sequences: 6, micro_batch_tokens: 40}\ntraining: {steps: 16}\n"
                 "optimizer: {learning_rate: 5e-3}\nlog: {every: 1, examples: 0, tensorboard: false}\n");
  EXPECT_EQ(finetune(config::read<FinetuneOptions>(file), ExistingRun::refuse), 0);
  return run;
}

void expect_the_losses_of_the_cpu(const TemporaryFolder& folder, const std::string& yaml) {
  const std::vector<double> expected = train_losses(finetuned(folder, yaml, "cpu")),
                            actual = train_losses(finetuned(folder, yaml, "cuda"));
  ASSERT_EQ(expected.size(), 16u);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-4 * expected[i]) << i;
  EXPECT_LT(expected.back(), 0.9 * expected.front()) << "nothing was learnt";
}

std::vector<double> numbers_of(const fs::path& table) {
  std::vector<double> numbers;
  std::ifstream file(table);
  for (double number = 0; file >> number;) numbers.push_back(number);
  return numbers;
}

TEST(CudaFinetuning, ClassifiesAsTheCpuDoes) {
  const TemporaryFolder folder;
  expect_the_losses_of_the_cpu(folder, classification(folder, pretrained_in(folder)));
  const std::vector<double> expected = numbers_of(folder / "run-cpu" / "test_results.tsv"),
                            actual = numbers_of(folder / "run-cuda" / "test_results.tsv");
  ASSERT_EQ(expected.size(), 20u);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-4) << i;
}

std::vector<float> logits_of(const fs::path& run, const InferenceOptions& inference, const fs::path& texts) {
  FinetunedModel model(run, inference);
  return model.infer_file(*read_task_file(model.reading(), texts, ExampleUse::evaluation)).logits;
}

// A run predicts where and how it is told, not only as it was trained.
TEST(CudaFinetuning, PredictsOnEitherDeviceInEitherPrecision) {
  const TemporaryFolder folder;
  const fs::path run = finetuned(folder, classification(folder, pretrained_in(folder)), "cuda");
  const auto logits = [&](DeviceOption device, PrecisionOption precision) {
    return logits_of(run, {.threads = 1, .device = device, .precision = precision}, folder / "valid.tsv");
  };
  const auto on_cpu = logits(DeviceOption::cpu, PrecisionOption::f32),
             on_gpu = logits(DeviceOption::cuda, PrecisionOption::f32),
             rounded = logits(DeviceOption::cuda, PrecisionOption::bf16);
  EXPECT_EQ(logits_of(run, {.threads = 1}, folder / "valid.tsv"), rounded) << "where it was trained, in bf16";
  ASSERT_EQ(on_cpu.size(), 20u);
  double farthest = 0;
  for (size_t i = 0; i < on_cpu.size(); ++i) {
    EXPECT_NEAR(on_gpu[i], on_cpu[i], 1e-5) << i;
    EXPECT_NEAR(rounded[i], on_cpu[i], 0.05) << i;
    farthest = std::max(farthest, std::abs(double{rounded[i]} - on_cpu[i]));
  }
  EXPECT_GT(farthest, 1e-4) << "nothing was rounded";
}

TEST(CudaFinetuning, AnswersQuestionsAsTheCpuDoes) {
  const TemporaryFolder folder;
  expect_the_losses_of_the_cpu(folder, questions(folder, pretrained_in(folder)));
  EXPECT_EQ(read_file(folder / "run-cuda" / "predictions.json"),
            read_file(folder / "run-cpu" / "predictions.json"));
}

}  // namespace
}  // namespace cloze::testing
