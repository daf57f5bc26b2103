#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Override, ScalarsListsAndSections) {
  const Training read =
      read_sample("steps: 5\nlayers: [1]\nschedule: {peak: 2}",
                  {"steps=128k", "name=no", "layers=[7, 8]", "schedule.warmup_steps=1e3",
                   "schedule={kind: none}", "evaluation.every=5", "weights.wiki=0.5", "clip=null"});
  EXPECT_EQ(read.steps, 128000);
  EXPECT_EQ(read.name, "no");
  EXPECT_EQ(read.layers, (std::vector{7, 8}));
  EXPECT_EQ(read.schedule, (Schedule{Decay::none, 1000, 2}));  // merged, not replaced
  EXPECT_EQ(read.evaluation, (Evaluation{5, {"accuracy"}}));
  EXPECT_EQ(read.weights.at("wiki"), 0.5);
}

TEST(Override, LaterOnesWin) {
  EXPECT_EQ(read_sample("", {"steps=1", "steps=2"}).steps, 2);
}

TEST(Override, ElementsOfLists) {
  const Training read = read_sample("phases:\n- name: a\n- name: b\nlayers: [1, 2, 3]",
                                    {"phases[1].steps=5", "phases[1].schedule.kind=none", "layers[2]=9"});
  EXPECT_EQ(read.phases, (std::vector<Phase>{{"a", 100, {}}, {"b", 5, {Decay::none, 0, 1e-4}}}));
  EXPECT_EQ(read.layers, (std::vector{1, 2, 9}));
}

TEST(Override, ElementsOfListsThatOnlyTheDefaultsGive) {
  const Training read = read_sample("", {"phases[1].steps=7", "layers[0]=5"});
  EXPECT_EQ(read.phases, (std::vector<Phase>{{"first", 10, {}}, {"second", 7, {}}}));
  EXPECT_EQ(read.layers, (std::vector{5, 2}));
}

TEST(Override, PathsStartFromTheCurrentFolder) {
  EXPECT_EQ(read_sample("files: [a]", {"files=[b, /c]"}).files.at(0), std::filesystem::current_path() / "b");
}

TEST(Override, MissingKeysCanBeGiven) {
  const Training read = config::read_text<Training>("", "run.yaml", {"vocabulary=/v"});
  EXPECT_EQ(read.vocabulary, "/v");
}

TEST(Override, QuotedValues) {
  EXPECT_EQ(read_sample("", {"name=\"a: b=c\""}).name, "a: b=c");
}

TEST(Override, MistakesNameTheOverride) {
  EXPECT_EQ(message_of("steps: 4", {"steps=0"}),
            "`steps` is `0`\n  where: --set steps=0\n  why: must be at least 1");
  EXPECT_THAT(message_of("", {"schedule.warmup=3"}),
              AllOf(HasSubstr("unknown key `schedule.warmup`"), HasSubstr("where: --set schedule.warmup=3")));
  EXPECT_THAT(message_of("steps: 4", {"steps.x=1"}), HasSubstr("`steps` is a section"));
  EXPECT_THAT(message_of("", {"steps="}), HasSubstr("`steps` is empty\n  where: --set steps="));
}

TEST(Override, OnlyTheKeyThatWasSetIsBlamed) {
  EXPECT_THAT(message_of("\nphases:\n- steps: 3", {"phases[0].schedule.kind=none"}),
              HasSubstr("`phases[0].name` is missing\n  where: run.yaml:3"));
}

TEST(Override, WrongForms) {
  for (const char* text :
       {"steps", "=5", "", ".steps=5", "steps.=5", "phases[=5", "phases[]=5", "phases[x]=5", "phases[1=5",
        "phases[0]name=5", "phases[-1]=5", "[0]=5", "phases[99999999999999999999]=5"}) {
    EXPECT_THAT(message_of("", {text}), AllOf(HasSubstr("this is not of the form KEY=VALUE"),
                                              HasSubstr(std::string("where: --set ") + text)))
        << text;
  }
  EXPECT_THAT(message_of("", {"name=[a"}),
              AllOf(HasSubstr("the value is not valid YAML"), HasSubstr("try: quote it")));
  EXPECT_THAT(message_of("", {"name=@x"}), HasSubstr("the value is not valid YAML"));
  EXPECT_THAT(message_of("", {"base=a.yaml"}), HasSubstr("`base` cannot be set from the command line"));
}

TEST(Override, ElementsThatAreNotThere) {
  EXPECT_THAT(
      message_of("phases: [{name: a}]", {"phases[1].steps=5"}),
      AllOf(HasSubstr("there is no element [1]"), HasSubstr("the list has 1 element, counted from 0")));
  EXPECT_THAT(message_of("steps: 5", {"steps[0]=5"}), HasSubstr("this is `5`, not a list"));
  EXPECT_EQ(
      message_of("", {"files[0]=5"}),
      "there is no element [0]\n  where: --set files[0]=5\n  why: the list has 0 elements, counted from 0\n"
      "  try: set the whole list: KEY=[...]");
}

TEST(Override, AllMistakesOfFileAndOverridesTogether) {
  const std::string message = message_of("steps: 0", {"nonsense", "seed=-1", "dropout=2"});
  EXPECT_THAT(message, AllOf(HasSubstr("4 mistakes"), HasSubstr("--set nonsense"), HasSubstr("--set seed=-1"),
                             HasSubstr("--set dropout=2"), HasSubstr("run.yaml:1")));
}

}  // namespace
}  // namespace cloze::sample
