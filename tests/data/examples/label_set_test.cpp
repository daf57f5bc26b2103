#include "engine/data/examples/label_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;

ExampleSet labelled(const std::vector<std::string>& labels) {
  ExampleSet set{.file = "train.tsv"};
  for (const std::string& label : labels) set.examples.push_back({"0", 1, TextPair{"text", "", label}});
  return set;
}

TEST(LabelSet, CollectedLabelsAreSorted) {
  EXPECT_THAT(labels_of({}, labelled({"good", "bad", "good"})).names(), ElementsAre("bad", "good"));
  EXPECT_THAT(labels_of({}, labelled({"10", "9", "-1", "2.5"})).names(), ElementsAre("-1", "2.5", "9", "10"));
  EXPECT_THAT(labels_of({}, labelled({"10", "9", "x"})).names(), ElementsAre("10", "9", "x"));
}

TEST(LabelSet, StatedLabelsKeepTheirOrder) {
  const LabelSet labels = labels_of({.labels = {"neg", "pos"}}, labelled({"pos", "neg"}));
  EXPECT_EQ(labels.find("pos"), 1);
  EXPECT_EQ(labels.name(0), "neg");
  EXPECT_THAT(message_of([] { LabelSet({"a", "b", "a"}); }), HasSubstr("`a` is there twice"));
}

TEST(LabelSet, ALabelOutsideTheSet) {
  const LabelSet labels({"negative", "positive"});
  EXPECT_THAT(message_of([&] {
                labels.require("postive", {"train.tsv", 7});
              }),
              AllOf(HasSubstr("`postive`"), HasSubstr("train.tsv:7"), HasSubstr("`negative`, `positive`"),
                    HasSubstr("did you mean `positive`")));
}

TEST(LabelSet, OneLabelIsNoTask) {
  EXPECT_THAT(message_of([] {
                labels_of({}, labelled({"a", "a"}));
              }),
              AllOf(HasSubstr("train.tsv"), HasSubstr("`a`")));
}

TEST(LabelSet, EndingsAreNumbered) {
  ExampleSet set{.file = "swag.csv"};
  set.examples.push_back({"0", 1, MultipleChoice{"context", {"a", "b", "c"}, "2"}});
  EXPECT_THAT(labels_of({.kind = TaskKind::multiple_choice}, set).names(), ElementsAre("0", "1", "2"));
}

}  // namespace
}  // namespace cloze
