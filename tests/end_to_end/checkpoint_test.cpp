// Checkpoints of other programs, as a user of the program meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path golden = fs::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint";
const fs::path training_folder = golden / "tensorflow_training";

TEST(ForeignCheckpoints, InfoListsTheTensorsOfATensorflowCheckpoint) {
  for (const fs::path& path : {training_folder, training_folder / "model.ckpt-7"}) {
    const Outcome outcome = run({"info", path});
    EXPECT_THAT(outcome, ExitsWith(0));
    EXPECT_THAT(
        outcome.output,
        AllOf(HasSubstr("step              7\n"), HasSubstr("92: 30 of the model, 60 of Adam, global_step"),
              HasSubstr("  DT_FLOAT       [12, 8]          bert/embeddings/word_embeddings\n"),
              HasSubstr("  DT_STRING      []               note\n")));
  }
}

TEST(ForeignCheckpoints, ConvertSaysWhatBecameOfEachTensor) {
  const ScratchFolder scratch;
  const fs::path target = scratch / "converted";
  const Outcome outcome = run({"convert", "--from", training_folder, "--to", target});
  EXPECT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("loaded 30 of 30 tensors"), HasSubstr("60 moments of Adam left out"),
                    HasSubstr("1 without numbers left out"), HasSubstr("BertForPreTraining, cased")));
  EXPECT_THAT(run({"info", "--verify", target}), ExitsWith(0));
  const Outcome filled = run({"fill", "--model", target, "the Cat [MASK]."});
  EXPECT_EQ(filled.output, run({"fill", "--model", training_folder, "the Cat [MASK]."}).output);
  EXPECT_THAT(filled, ExitsWith(0));
  EXPECT_THAT(run({"convert", "--from", training_folder, "--to", target}),
              AllOf(ExitsWith(2), testing::Field(&Outcome::log, HasSubstr("the folder is not empty"))));
}

TEST(ForeignCheckpoints, TheCasingCanBeSaid) {
  const ScratchFolder scratch;
  EXPECT_THAT(run({"convert", "--from", training_folder, "--to", scratch / "a", "--uncased"}).output,
              HasSubstr("BertForPreTraining, uncased"));
  const Outcome outcome =
      run({"convert", "--from", golden / "uncased_L-1_H-8_A-2", "--to", scratch / "b", "--cased"});
  EXPECT_THAT(outcome, ExitsWith(2));
  EXPECT_THAT(outcome.log, HasSubstr("the model is uncased, cased was asked for"));
}

// A corpus with the golden's vocabulary, and a run that starts from its checkpoint.
class StartingFromTensorflow : public testing::Test {
 protected:
  StartingFromTensorflow() {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "the Cat sat.\nCats sat.\nthe Cat.\n\n";
    write_file(scratch_ / "text", text);
    const Outcome prepared = run({"prepare", "--cased", "--input", scratch_ / "text", "--vocab",
                                  training_folder / "vocab.txt", "--output", scratch_ / "corpus"});
    if (prepared.exit_code != 0) throw std::runtime_error(prepared.log);
  }
  Outcome train(std::vector<std::string> settings) {
    for (const char* setting :
         {"data.max_sequence_length=10", "model.hidden_size=8", "model.heads=2", "model.intermediate_size=16",
          "model.max_positions=10", "model.token_types=16", "training.steps=12", "data.validation=null"}) {
      settings.emplace_back(setting);
    }
    settings.push_back("data.train=" + (scratch_ / "corpus").string());
    settings.push_back("model.initialize_from=" + training_folder.string());
    return run(pretrain_call(output(), settings));
  }
  fs::path output() const { return scratch_ / "run"; }
  ScratchFolder scratch_;
};

TEST_F(StartingFromTensorflow, WeightsAlone) {
  const Outcome outcome = train({});
  EXPECT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("loaded 30 of 30 tensors"), Not(HasSubstr("another vocabulary"))));
  EXPECT_EQ(training_losses(output()).size(), 12u);
}

TEST_F(StartingFromTensorflow, WithItsOptimizerAtItsStep) {
  const Outcome outcome = train({"model.initialize_optimizer=true"});
  EXPECT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.log, HasSubstr("going on at step 7 with the moments of its optimizer"));
  const auto losses = training_losses(output());
  EXPECT_EQ(losses.size(), 5u);
  EXPECT_EQ(losses.begin()->first, 8);
}

TEST_F(StartingFromTensorflow, AnotherSizeIsRefused) {
  const Outcome outcome = train({"model.layers=2"});
  EXPECT_THAT(outcome, ExitsWith(0)) << "layers that are not there start afresh, and the log says so";
  EXPECT_THAT(outcome.log, HasSubstr("16 missing: bert.encoder.layer.1.attention.self.query.weight"));
  fs::remove_all(output());
  const Outcome refused = run(pretrain_call(output(), {"model.initialize_from=" + training_folder.string()}));
  EXPECT_THAT(refused, ExitsWith(1));
  EXPECT_THAT(refused.log, AllOf(HasSubstr("of another shape: bert.embeddings.word_embeddings.weight"),
                                 HasSubstr("found [12, 8]")));
}

TEST(ForeignCheckpoints, WhatIsNoCheckpointIsRefused) {
  const ScratchFolder scratch;
  fs::create_directories(scratch / "empty");
  EXPECT_THAT(run({"convert", "--from", scratch / "empty", "--to", scratch / "out"}).log,
              HasSubstr("there is no model here"));
  EXPECT_THAT(run({"info", scratch / "empty"}).log, HasSubstr("this is no corpus, run or checkpoint"));
  fs::create_directories(scratch / "pickle");
  fs::copy_file(golden / "pretraining/config.json", scratch / "pickle/config.json");
  write_file(scratch / "pickle/vocab.txt", read_file(training_folder / "vocab.txt"));
  write_file(scratch / "pickle/pytorch_model.bin", "PK");
  const Outcome outcome = run({"convert", "--from", scratch / "pickle", "--to", scratch / "out"});
  EXPECT_THAT(outcome, ExitsWith(1));
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("Python pickle"), HasSubstr("save_pretrained")));
  EXPECT_FALSE(fs::exists(scratch / "out"));
}

}  // namespace
}  // namespace cloze::end_to_end
