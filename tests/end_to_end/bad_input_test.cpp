// Every bad input ends in one message that says what, where and what to do, and leaves nothing half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

// The call, given a folder of its own whose "out" it is to write.
using Call = std::function<Arguments(const fs::path& folder)>;

struct BadInput {
  const char* name;
  int exit_code;
  std::vector<std::string> said;  // parts of the message
  Call call;
};

fs::path file_of(const fs::path& folder, const std::string& text) {
  write_file(folder / "input", text);
  return folder / "input";
}

Arguments prepare_call(const fs::path& input, const fs::path& vocabulary, const fs::path& output) {
  return {"prepare", "--input", input, "--vocab", vocabulary, "--output", output};
}

Call pretrain_with(std::vector<std::string> settings) {
  return [=](const fs::path& folder) { return pretrain_call(folder / "out", settings); };
}

// pretrain.yaml with one line replaced.
Call pretrain_with_line(const std::string& line, const std::string& by) {
  return [=](const fs::path& folder) {
    std::string yaml = read_file(World::get() / "pretrain.yaml");
    yaml.replace(yaml.find(line), line.size(), by);
    return Arguments{"pretrain", file_of(folder, yaml), "--set", "output=" + (folder / "out").string()};
  };
}

// The vocabulary without a line.
std::string vocabulary_without(const std::string& piece) {
  std::string text = read_file(World::get() / "vocab.txt");
  return text.erase(text.find(piece + "\n"), piece.size() + 1);
}

const std::vector<BadInput>& bad_inputs() {
  static const std::vector<BadInput> all{
      {"empty_text",
       1,
       {"the inputs hold no text", "input"},
       [](const fs::path& folder) {
         return prepare_call(file_of(folder, ""), World::get() / "vocab.txt", folder / "out");
       }},
      {"blank_text",
       1,
       {"the inputs hold no text", "input"},
       [](const fs::path& folder) {
         return prepare_call(file_of(folder, "\n \n\n"), World::get() / "vocab.txt", folder / "out");
       }},
      {"vocabulary_of_empty_text",
       1,
       {"the inputs hold no text"},
       [](const fs::path& folder) {
         return Arguments{"vocab", "--input",  file_of(folder, ""), "--size",
                          "100",   "--output", folder / "out"};
       }},
      {"missing_text",
       2,
       {"nothing.txt", "No such file"},
       [](const fs::path& folder) {
         return prepare_call(folder / "nothing.txt", World::get() / "vocab.txt", folder / "out");
       }},
      {"missing_vocabulary",
       1,
       {"nothing.txt", "No such file"},
       [](const fs::path& folder) {
         return prepare_call(World::get() / "text/little.txt", folder / "nothing.txt", folder / "out");
       }},
      {"vocabulary_without_mask",
       1,
       {"the vocabulary has no [MASK]", "input", "add the line at its end"},
       [](const fs::path& folder) {
         return prepare_call(World::get() / "text/little.txt", file_of(folder, vocabulary_without("[MASK]")),
                             folder / "out");
       }},
      {"missing_configuration",
       2,
       {"nothing.yaml", "No such file"},
       [](const fs::path& folder) {
         return Arguments{"pretrain", folder / "nothing.yaml"};
       }},
      {"misspelt_key",
       2,
       {"unknown key `model.hiden_size`", "input:10", "did you mean `hidden_size`?"},
       pretrain_with_line("hidden_size", "hiden_size")},
      {"wrong_type",
       2,
       {"`training.steps` is `many`", "input:17", "must be an integer"},
       pretrain_with_line("steps: 20", "steps: many")},
      {"not_yaml", 2, {"input:"}, pretrain_with_line("model:", "model: [")},
      {"misspelt_override",
       2,
       {"unknown key `training.stesp`", "--set", "did you mean `steps`?"},
       pretrain_with({"training.stesp=3"})},
      {"heads_do_not_divide", 2, {"heads", "must divide"}, pretrain_with({"model.heads=5"})},
      {"sequences_too_long",
       2,
       {"sequences of 128 tokens do not fit", "model.max_positions", "try:"},
       pretrain_with({"data.max_sequence_length=128"})},
      {"missing_corpus",
       1,
       {"no prepared corpus", "nowhere", "cloze prepare"},
       pretrain_with({"data.train=nowhere"})},
      {"cased_validation",
       2,
       {"validation corpus was not made like the training corpus", "cased", "try:"},
       [](const fs::path& folder) {
         Arguments call =
             prepare_call(World::get() / "text/little.txt", World::get() / "vocab.txt", folder / "cased");
         call.push_back("--cased");
         EXPECT_THAT(run(call), ExitsWith(0));
         return pretrain_call(folder / "out", {"data.validation=" + (folder / "cased").string()});
       }},
      {"missing_model",
       1,
       {"cannot open the model", "nowhere"},
       [](const fs::path&) {
         return Arguments{"fill", "--model", "nowhere", "the [MASK] ."};
       }},
      {"info_on_nothing",
       2,
       {"nowhere", "it does not exist"},
       [](const fs::path&) {
         return Arguments{"info", "nowhere"};
       }},
  };
  return all;
}

class BadInputs : public testing::TestWithParam<BadInput> {};

TEST_P(BadInputs, AreToldAndNothingIsLeft) {
  const ScratchFolder scratch;
  const Arguments call = GetParam().call(scratch.path());
  const auto before = scratch.file_count();
  const Outcome outcome = run(call);
  EXPECT_THAT(outcome, ExitsWith(GetParam().exit_code));
  EXPECT_THAT(outcome.log, HasSubstr("cloze: "));
  for (const std::string& part : GetParam().said) EXPECT_THAT(outcome.log, HasSubstr(part));
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(scratch.file_count(), before) << "something was left behind";
}

INSTANTIATE_TEST_SUITE_P(EndToEnd, BadInputs, testing::ValuesIn(bad_inputs()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(InvalidUtf8, IsDroppedAndCounted) {
  const ScratchFolder scratch;
  const fs::path text = file_of(scratch.path(), "the girl \xff\xfe walked .\n\nthe \xc3( boy ran .\n");
  const Outcome prepared = run(prepare_call(text, World::get() / "vocab.txt", scratch / "corpus"));
  ASSERT_THAT(prepared, ExitsWith(0));
  EXPECT_THAT(prepared.log, HasSubstr("3 bytes that are not UTF-8 were dropped"));
  EXPECT_THAT(run({"info", scratch / "corpus"}).output, HasSubstr("invalid bytes     3\n"));
}

// One model for what can be wrong with a call of `fill`.
TEST(Fill, SaysWhatIsWrongWithTheModelOrTheText) {
  const ScratchFolder scratch;
  ASSERT_THAT(run(pretrain_call(scratch / "run", {"training.steps=2"})), ExitsWith(0));
  const auto fill = [](const fs::path& model, const std::string& text) {
    return run({"fill", "--model", model, text});
  };
  const Outcome no_blank = fill(scratch / "run", "the girl walked .");
  EXPECT_THAT(no_blank, ExitsWith(2));
  EXPECT_THAT(no_blank.log, AllOf(HasSubstr("no blank"), HasSubstr("write [MASK]")));

  std::string endless = "[MASK]";
  for (int i = 0; i < 70; ++i) endless += " the";
  const Outcome too_long = fill(scratch / "run", endless);
  EXPECT_THAT(too_long, ExitsWith(2));
  EXPECT_THAT(too_long.log, HasSubstr("73 tokens, the model takes 64"));

  const fs::path damaged = scratch / "damaged";
  fs::copy(scratch / "run" / "checkpoints" / "step-2", damaged);
  fs::resize_file(damaged / "model.safetensors", fs::file_size(damaged / "model.safetensors") - 100);
  const Outcome cut = fill(damaged, "the [MASK] .");
  EXPECT_THAT(cut, ExitsWith(1));
  EXPECT_THAT(cut.log, AllOf(HasSubstr("damaged"), HasSubstr("model.safetensors"), HasSubstr("try:")));

  fs::remove(damaged / "trainer_state.json");  // as a folder that Hugging Face wrote: no digests
  const Outcome cut_foreign = fill(damaged, "the [MASK] .");
  EXPECT_THAT(cut_foreign, ExitsWith(1));
  EXPECT_THAT(cut_foreign.log, AllOf(HasSubstr("safetensors"), HasSubstr("cut short")));
}

}  // namespace
}  // namespace cloze::end_to_end
