// Fine-tuning as a user does it: on the model that was just pretrained, on files of the sample world.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A pretrained model, made once.
const std::filesystem::path& pretrained() {
  static const std::filesystem::path run_folder = [] {
    const std::filesystem::path folder = World::get() / "to-finetune";
    EXPECT_THAT(run(pretrain_call(folder, {"training.steps=20"})), ExitsWith(0));
    return folder;
  }();
  return run_folder;
}

std::filesystem::path reviews(const std::string& name) {
  return World::get() / ("text/reviews/" + name);
}

Arguments finetune_call(const std::filesystem::path& output, const std::vector<std::string>& settings,
                        const std::vector<std::string>& flags = {}) {
  const std::filesystem::path config = World::get() / "finetune.yaml";
  if (!std::filesystem::exists(config)) {
    write_file(config,
               "output: unused\nmodel: {from: to-finetune}\ntask: {preset: yelp, max_sequence_length: 32}\n"
               "data: {train: text/reviews/train.csv}\ntraining: {steps: 12}\nthreads: 1\n"
               "log: {every: 4, examples: 1}\n");
  }
  pretrained();
  Arguments call{"finetune", config.string(), "--set", "output=" + output.string()};
  for (const std::string& setting : settings) call.insert(call.end(), {"--set", setting});
  call.insert(call.end(), flags.begin(), flags.end());
  return call;
}

int64_t lines_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  int64_t count = 0;
  for (std::string line; std::getline(stream, line);) ++count;
  return count;
}

TEST(Finetuning, TrainsEvaluatesAndPredictsInOneCall) {
  const ScratchFolder scratch;
  const std::filesystem::path output = scratch / "run";
  const Outcome trained =
      run(finetune_call(output, {"data.validation=10%", "data.test=" + reviews("test.csv").string()}));
  ASSERT_THAT(trained, ExitsWith(0));
  EXPECT_THAT(trained.log, AllOf(HasSubstr("*** Example ***"), HasSubstr("2 missing: classifier.weight"),
                                 HasSubstr("Num steps = 12"), HasSubstr("***** Eval results *****")));
  EXPECT_THAT(read_file(output / "eval_results.txt"),
              AllOf(HasSubstr("eval_accuracy = "), HasSubstr("global_step = 12")));
  const int64_t rows = lines_of(reviews("test.csv"));
  EXPECT_EQ(lines_of(output / "test_results.tsv"), rows);
  EXPECT_EQ(lines_of(output / "predictions.jsonl"), rows);
  EXPECT_EQ(lines_of(output / "predictions.tsv"), rows + 1);

  // The run alone says what the task is.
  const Outcome evaluated =
      run({"evaluate", "--model", output.string(), "--data", reviews("test.csv").string()});
  ASSERT_THAT(evaluated, ExitsWith(0));
  EXPECT_THAT(evaluated.output, HasSubstr("eval_accuracy = "));
  const std::filesystem::path predictions = scratch / "p.jsonl";
  ASSERT_THAT(run({"predict", "--model", output.string(), "--input", reviews("test.csv").string(), "--output",
                   predictions.string()}),
              ExitsWith(0));
  EXPECT_EQ(read_file(predictions), read_file(output / "predictions.jsonl"));
  const Outcome refused = run({"predict", "--model", output.string(), "--precision", "bf16"},
                              {.input = "the ship\n", .environment = {"ONEDNN_MAX_CPU_ISA=AVX2"}});
  EXPECT_THAT(refused, ExitsWith(2));
  EXPECT_THAT(refused.log, HasSubstr("this CPU does not multiply bf16"));
  const Outcome spoken =
      run({"predict", "--model", output.string()}, {.input = "the ship was new\nthe barn was old\n"});
  ASSERT_THAT(spoken, ExitsWith(0));
  EXPECT_EQ(std::count(spoken.output.begin(), spoken.output.end(), '\n'), 2);
}

TEST(Finetuning, AnswersQuestions) {
  const ScratchFolder scratch;
  const std::filesystem::path output = scratch / "run";
  const std::filesystem::path questions = World::get() / "text/questions";
  const Outcome trained = run(
      finetune_call(output, {"task={kind: question_answering}", "question_answering.max_sequence_length=32",
                             "question_answering.max_query_length=12", "question_answering.doc_stride=8",
                             "data.train=" + (questions / "train.json").string(),
                             "data.validation=" + (questions / "dev.json").string()}));
  ASSERT_THAT(trained, ExitsWith(0));
  EXPECT_THAT(read_file(output / "eval_results.txt"),
              AllOf(HasSubstr("eval_f1 = "), HasSubstr("eval_exact_match = ")));
  EXPECT_TRUE(std::filesystem::exists(output / "nbest_predictions.json"));
  const Outcome scored = run({"score", "squad", "--data", (questions / "dev.json").string(), "--predictions",
                              (output / "predictions.json").string()});
  ASSERT_THAT(scored, ExitsWith(0));
  EXPECT_THAT(scored.output, HasSubstr("exact_match"));
}

TEST(Finetuning, KilledAndResumedEndsInTheSameBytes) {
  const ScratchFolder scratch;
  const std::vector<std::string> settings{"training.steps=40", "checkpoint.every=5"};
  const std::filesystem::path whole = scratch / "whole", broken = scratch / "broken";
  ASSERT_THAT(run(finetune_call(whole, settings)), ExitsWith(0));
  Process process(finetune_call(broken, settings));
  process.wait_for_log("step 16/40");
  process.send(SIGKILL);
  ASSERT_EQ(process.wait().signal, SIGKILL);
  ASSERT_THAT(run(finetune_call(broken, settings, {"--resume"})), ExitsWith(0));
  EXPECT_TRUE(final_state(broken) == final_state(whole));
}

// settings for a first stage of `steps` on short texts
std::string further_pretraining(int steps) {
  return "further_pretraining={steps: " + std::to_string(steps) +
         ", max_sequence_length: 32, sequences: 16, learning_rate: 1e-3, checkpoint_every: 5}";
}

TEST(Finetuning, MayBeginWithMaskedLanguageTrainingOnItsOwnTexts) {
  const ScratchFolder scratch;
  const std::filesystem::path output = scratch / "run", inner = output / "further_pretraining/run";
  const Outcome trained = run(finetune_call(output, {further_pretraining(20), "data.validation=10%"}));
  ASSERT_THAT(trained, ExitsWith(0));
  EXPECT_THAT(read_file(output / "log.txt"),
              AllOf(HasSubstr("further pretraining: masked-LM loss"), HasSubstr("after 20 steps"),
                    HasSubstr("the encoder is that of further pretraining"), HasSubstr("done: 12 steps")));
  EXPECT_THAT(read_file(inner / "log.txt"), HasSubstr("step 20/20"));
  EXPECT_EQ(lines_of(output / "further_pretraining/texts.jsonl"), 1800);
  EXPECT_EQ(lines_of(output / "further_pretraining/held-out.jsonl"), 200);
  std::vector<double> losses;
  std::ifstream metrics(inner / "metrics.jsonl");
  for (std::string line; std::getline(metrics, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("split") == "eval") losses.push_back(record.at("masked_language_loss"));
  }
  ASSERT_EQ(losses.size(), 2u);
  EXPECT_LT(losses.back(), losses.front());
  // The pooler is not trained by masks: it comes from the model, and the run is whole.
  EXPECT_THAT(run({"evaluate", "--model", output.string(), "--data", reviews("test.csv").string()}),
              ExitsWith(0));
  ASSERT_THAT(run(finetune_call(output, {further_pretraining(5)}, {"--overwrite"})), ExitsWith(0));
  EXPECT_EQ(checkpoint_steps(inner).back(), 5);
}

TEST(Finetuning, StoppedInEitherStageAndResumedEndsInTheSameBytes) {
  const ScratchFolder scratch;
  const std::vector<std::string> settings{further_pretraining(24), "training.steps=40", "checkpoint.every=5"};
  const std::filesystem::path whole = scratch / "whole", broken = scratch / "broken";
  ASSERT_THAT(run(finetune_call(whole, settings)), ExitsWith(0));
  Arguments call = finetune_call(broken, settings);
  const std::vector<std::pair<std::string, int>> stops{
      {"step 4/24", SIGINT}, {"step 16/24", SIGKILL}, {"step 16/40", SIGKILL}};
  for (const auto& [seen, signal] : stops) {
    Process process(call);
    process.wait_for_log(seen);
    process.send(signal);
    const Outcome stopped = process.wait();
    if (signal == SIGINT) {
      EXPECT_THAT(stopped, ExitsWith(128 + SIGINT));
    } else {
      EXPECT_EQ(stopped.signal, SIGKILL);
    }
    call = finetune_call(broken, settings, {"--resume"});
  }
  ASSERT_THAT(run(call), ExitsWith(0));
  EXPECT_TRUE(final_state(broken) == final_state(whole));
  EXPECT_TRUE(final_state(broken / "further_pretraining/run") ==
              final_state(whole / "further_pretraining/run"));
}

TEST(Finetuning, HeadsPoolTheTokensOfASequence) {
  const ScratchFolder scratch;
  for (const std::string pooling : {"mean", "max"}) {
    const std::filesystem::path output = scratch / pooling;
    ASSERT_THAT(run(finetune_call(output, {"head={pooling: " + pooling + ", initializer_range: 0.5}"})),
                ExitsWith(0));
    EXPECT_THAT(read_file(output / "latest/config.json"), HasSubstr("BertWithTaskHead"));
    EXPECT_THAT(run({"evaluate", "--model", output.string(), "--data", reviews("test.csv").string()}),
                ExitsWith(0));
  }
}

TEST(Finetuning, SeveralSeedsAndEarlyStopping) {
  const ScratchFolder scratch;
  const std::filesystem::path output = scratch / "run";
  const Outcome trained = run(finetune_call(
      output, {"training.seeds=[1, 2]", "training.steps=30", "data.validation=10%", "evaluation.every=3",
               "evaluation.patience=1", "optimizer.learning_rate=1e-12"}));
  ASSERT_THAT(trained, ExitsWith(0));
  EXPECT_THAT(trained.log, AllOf(HasSubstr("the run stops early"), HasSubstr("over 2 seeds")));
  EXPECT_THAT(read_file(output / "seeds.json"), AllOf(HasSubstr("\"mean\""), HasSubstr("\"deviation\"")));
  EXPECT_LT(checkpoint_steps(output / "seed-1").back(), 30);
}

struct Mistake {
  std::string name;
  std::vector<std::string> settings;
  int exit_code;
  std::string told;
};
class FinetuningMistakes : public testing::TestWithParam<Mistake> {};
INSTANTIATE_TEST_SUITE_P(
    EndToEnd, FinetuningMistakes,
    testing::Values(
        Mistake{"misspelt_key", {"training.epoch=3"}, 2, "did you mean"},
        Mistake{"no_model", {"model.from=nowhere"}, 1, "nowhere"},
        Mistake{"no_file", {"data.train=nowhere.csv"}, 2, "nowhere.csv"},
        Mistake{"label_outside_the_set", {"task.labels=[good, bad]"}, 1, "train.csv:1"},
        Mistake{"too_long", {"task.max_sequence_length=4096"}, 2, "the model was trained on up to"},
        Mistake{"unknown_metric", {"data.validation=10%", "evaluation.metric=beauty"}, 2, "accuracy"},
        Mistake{"class_weights", {"training.class_weights=[1, 2, 3]"}, 2, "2 labels"},
        Mistake{"too_long_further",
                {"further_pretraining={steps: 3, max_sequence_length: 4096}"},
                2,
                "trained on up to"},
        Mistake{"words_in_a_table", {"task={kind: tagging}"}, 2, "use CoNLL's form"}),
    [](const auto& instance) { return instance.param.name; });

TEST_P(FinetuningMistakes, AreToldAndNothingIsLeft) {
  const ScratchFolder scratch;
  const std::filesystem::path output = scratch / "run";
  const Outcome outcome = run(finetune_call(output, GetParam().settings));
  EXPECT_THAT(outcome, ExitsWith(GetParam().exit_code));
  EXPECT_THAT(outcome.log, HasSubstr(GetParam().told));
  EXPECT_FALSE(std::filesystem::exists(output));
}

}  // namespace
}  // namespace cloze::end_to_end
