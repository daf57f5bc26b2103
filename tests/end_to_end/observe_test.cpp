// Commands that look at the machine and at where time goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

Arguments profile_call(const std::vector<std::string>& more) {
  Arguments arguments{"profile", World::get() / "pretrain.yaml", "--steps", "3", "--warm-up", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(Doctor, SaysWhatThereIsAndThatItWorks) {
  const Outcome text = run({"doctor"});
  ASSERT_THAT(text, ExitsWith(0));
  for (const char* part : {"Processor", "device: auto", "oneDNN", "Self-test", "Ready to train."})
    EXPECT_THAT(text.output, HasSubstr(part));
}

TEST(Doctor, FailsWhereNoCheckpointCanBeWritten) {
  const Outcome outcome = run({"doctor", "--json"}, {.environment = {"TMPDIR=/dev/null"}});
  ASSERT_THAT(outcome, ExitsWith(1));
  const Json document = Json::parse(outcome.output);
  EXPECT_EQ(document.at("self_test").at("passed"), false);
  EXPECT_EQ(document.at("self_test").at("parts").at(0).at("passed"), true);
}

TEST(Profile, TimesEveryOpOfAStepAndWritesItsFiles) {
  const ScratchFolder folder;
  const Outcome outcome = run(profile_call({"--output", folder / "profile"}));
  ASSERT_THAT(outcome, ExitsWith(0));
  for (const char* part :
       {"linear", "attention_backward", "adamw", "dense layers (matmul)", "without timing"})
    EXPECT_THAT(outcome.output, HasSubstr(part));
  const Json profile = Json::parse(read_file(folder / "profile/profile.json"));
  EXPECT_EQ(profile.at("steps").size(), 3u);
  double share = 0;
  for (const Json& row : profile.at("ops")) share += row.at("share").get<double>();
  EXPECT_GT(share, 0.5);
  EXPECT_LT(share, 1);
  EXPECT_GT(Json::parse(read_file(folder / "profile/trace.json")).at("traceEvents").size(), 100u);
  EXPECT_THAT(read_file(folder / "profile/roofline.svg"), HasSubstr("</svg>"));
}

TEST(Profile, ListsLayersAndTouchesNoRun) {
  const ScratchFolder folder;
  const std::string output = (folder / "run").string();
  const Outcome outcome = run(profile_call({"--by", "layer", "--set", "output=" + output}));
  ASSERT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.output, HasSubstr("encoder.layer.0"));
  EXPECT_EQ(folder.file_count(), 0);
}

TEST(Profile, WithoutACorpusSaysWhatToDo) {
  const Outcome outcome = run(profile_call({"--set", "data.train=not-there"}));
  EXPECT_THAT(outcome, ExitsWith(2));
  EXPECT_THAT(outcome.log, HasSubstr("cloze prepare --input TEXTS"));
}

TEST(Profile, RefusesAPhaseThatIsNotThere) {
  const Outcome outcome = run(profile_call({"--phase", "2"}));
  EXPECT_THAT(outcome, ExitsWith(2));
  EXPECT_THAT(outcome.log, HasSubstr("there is no phase 2"));
}

TEST(Report, OfARunAndOfItsResumptionIsOnePage) {
  const ScratchFolder folder;
  ASSERT_THAT(run(pretrain_call(folder / "run <1>", {"training.steps=10"})), ExitsWith(0));
  ASSERT_THAT(run(pretrain_call(folder / "run <1>", {"training.steps=20"}, {"--resume"})), ExitsWith(0));
  const Outcome outcome = run({"report", folder / "run <1>", "--output", folder / "report.html"});
  ASSERT_THAT(outcome, ExitsWith(0));
  const std::string page = read_file(folder / "report.html");
  for (const char* part :
       {"run &lt;1&gt;", "Masked-LM loss", "word frequencies alone", "exact floor of the sample world",
        "Blanks in held-out text", "Hardware and memory", "activations and workspace"})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_EQ(page.find("<script"), std::string::npos);
}

TEST(Report, RefusesWhatIsNoRun) {
  const ScratchFolder folder;
  const Outcome outcome = run({"report", World::get() / "corpus", "--output", folder / "report.html"});
  EXPECT_THAT(outcome, ExitsWith(2));
  EXPECT_THAT(outcome.log, HasSubstr("this is no run of Cloze"));
  EXPECT_EQ(folder.file_count(), 0);
}

TEST(Bench, ShowsRatiosAndRefusesUnknownNames) {
  const Outcome outcome = run({"bench", "layer_norm", "--seconds", "0", "--json"});
  ASSERT_THAT(outcome, ExitsWith(0));
  const Json document = Json::parse(outcome.output);
  EXPECT_EQ(document.at("results").size(), 6u);
  for (const Json& result : document.at("results")) EXPECT_GT(result.at("ratio").get<double>(), 0);
  EXPECT_THAT(run({"bench", "matmull"}), ExitsWith(2));
}

}  // namespace
}  // namespace cloze::end_to_end
