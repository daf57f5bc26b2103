#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Mistake, UnknownKeyNamesTheNearest) {
  EXPECT_EQ(message_of("steps: 5\ndropuot: 0.1"),
            "unknown key `dropuot`\n  where: run.yaml:2\n  why: no option has this name\n  try: did you mean "
            "`dropout`?");
  EXPECT_EQ(message_of("schedule:\n  warmup-steps: 5"),
            "unknown key `schedule.warmup-steps`\n  where: run.yaml:2\n  why: `schedule` has no such key\n"
            "  try: did you mean `warmup_steps`?");
  EXPECT_THAT(message_of("phases:\n- name: a\n  setps: 3"), HasSubstr("unknown key `phases[0].setps`"));
}

TEST(Mistake, UnknownKeyNamesWhereItBelongs) {
  EXPECT_THAT(message_of("warmup_steps: 5"), HasSubstr("it belongs elsewhere: schedule.warmup_steps, "
                                                       "phases[].schedule.warmup_steps"));
  EXPECT_THAT(message_of("schedule.kind: none"),
              HasSubstr("write it nested, one section per line: `kind` is a key "
                        "inside `schedule`"));
  EXPECT_THAT(message_of("schedule: {base: a.yaml}"), HasSubstr("`base` stands at the top of a file"));
}

TEST(Mistake, UnknownKeyFarFromAllListsThem) {
  EXPECT_THAT(message_of("schedule: {banana: 1}"),
              HasSubstr("what can be set here: kind, warmup_steps, peak"));
}

TEST(Mistake, DuplicateKey) {
  EXPECT_EQ(message_of("steps: 5\nseed: 1\nsteps: 6"),
            "key `steps` is given twice\n  where: run.yaml:3\n  why: the first is in line 1\n  try: keep one "
            "of them");
}

TEST(Mistake, WrongTypes) {
  EXPECT_EQ(message_of("\nsteps: many"),
            "`steps` is `many`\n  where: run.yaml:2\n  why: must be an integer; this is not a number (like "
            "1000, 1_000, "
            "2e-5, 128k, 1.5M or 64Ki)");
  EXPECT_THAT(message_of("steps: 1.5"), HasSubstr("must be an integer; this is not a whole number"));
  EXPECT_THAT(message_of("steps: [1]"),
              HasSubstr("`steps` is a list\n  where: run.yaml:1\n  why: must be an integer"));
  EXPECT_THAT(message_of("steps: {a: 1}"), HasSubstr("`steps` is a section"));
  EXPECT_THAT(message_of("steps:\nseed: 1"), HasSubstr("`steps` is empty\n  where: run.yaml:1"));
  EXPECT_THAT(message_of("schedule: linear"),
              HasSubstr("`schedule` is `linear`\n  where: run.yaml:1\n  why: must be a section"));
  EXPECT_THAT(message_of("evaluation: true"), HasSubstr("must be a section, or null"));
  EXPECT_THAT(message_of("phases: {name: a}"), HasSubstr("must be a list of sections"));
  EXPECT_THAT(message_of("phases:\n- name: a\n- 5"), HasSubstr("`phases[1]` is `5`\n  where: run.yaml:3"));
  EXPECT_THAT(message_of("name:"), HasSubstr("write \"\" for an empty text"));
  EXPECT_THAT(message_of("weights: [1]"), HasSubstr("must be a map from names to numbers"));
}

TEST(Mistake, YamlTraps) {
  EXPECT_THAT(message_of("steps: \"5\""),
              HasSubstr("`steps` is the quoted text `5`\n  where: run.yaml:1\n  why: must be an "
                        "integer, which has no quotes\n  try: take the quotes off"));
  EXPECT_THAT(message_of("dropout: '0.1'"), HasSubstr("take the quotes off"));
  EXPECT_THAT(message_of("shuffle: yes"),
              HasSubstr("`shuffle` is `yes`\n  where: run.yaml:1\n  why: must be true or false"));
  EXPECT_THAT(message_of("shuffle: 'true'"), HasSubstr("take the quotes off"));
  EXPECT_THAT(message_of("dropout: .inf"), HasSubstr("must be a number"));
  EXPECT_THAT(message_of("clip: 10%"), HasSubstr("is a percentage, which is not taken here"));
  EXPECT_THAT(message_of("steps: 0x10"), HasSubstr("is not a number"));
}

TEST(Mistake, Ranges) {
  EXPECT_EQ(message_of("steps: 0"), "`steps` is `0`\n  where: run.yaml:1\n  why: must be at least 1");
  EXPECT_THAT(message_of("dropout: 110%"),
              HasSubstr("`dropout` is `110%`\n  where: run.yaml:1\n  why: must be between 0 and 1"));
  EXPECT_THAT(message_of("epsilon: 0"), HasSubstr("must be above 0 and at most 1"));
  EXPECT_THAT(message_of("clip: 0"), HasSubstr("must be above 0"));
  EXPECT_THAT(message_of("seed: -1"), HasSubstr("must be between 0 and 18446744073709551615"));
  EXPECT_THAT(message_of("hidden_size: 3G"), HasSubstr("must be between -2147483648 and 2147483647"));
  EXPECT_THAT(message_of("layers: [5, 101]"), HasSubstr("`layers[1]` is `101`"));
  EXPECT_THAT(message_of("weights: {\n  a: 1,\n  b: -1}"),
              HasSubstr("`weights.b` is `-1`\n  where: run.yaml:3"));
}

TEST(Mistake, ListElementsAreReportedOneByOne) {
  const std::string message = message_of("layers:\n- x\n- 5\n- -3");
  EXPECT_THAT(message, HasSubstr("`layers[0]` is `x`"));
  EXPECT_THAT(message, HasSubstr("run.yaml:2"));
  EXPECT_THAT(message, HasSubstr("`layers[2]` is `-3`"));
  EXPECT_THAT(message, HasSubstr("run.yaml:4"));
}

TEST(Mistake, AListWantsBrackets) {
  EXPECT_THAT(message_of("layers: 5"), HasSubstr("must be a list of integers\n  try: write [5]"));
  EXPECT_THAT(message_of("evaluation: {metrics: []}"), HasSubstr("`evaluation.metrics` is empty"));
}

TEST(Mistake, Choices) {
  EXPECT_EQ(
      message_of("schedule:\n  kind: linaer"),
      "`schedule.kind` is `linaer`\n  where: run.yaml:2\n  why: must be one of linear, none, square_root\n"
      "  try: did you mean `linear`?");
}

TEST(Mistake, Missing) {
  EXPECT_EQ(
      message_of("phases:\n- steps: 5"),
      "`phases[0].name` is missing\n  where: run.yaml:2\n  why: it has no default: What the phase is called\n"
      "  try: give `phases[0].name` (a text)");
  try {
    config::read_text<Training>("steps: 5", "run.yaml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("`vocabulary` is missing\n  where: run.yaml\n"));
  }
}

TEST(Mistake, RulesBetweenFields) {
  EXPECT_EQ(
      message_of("heads: 3\nhidden_size: 8"),
      "`hidden_size` does not go with the rest\n  where: run.yaml:2\n  why: must be a multiple of `heads`");
  EXPECT_THAT(message_of("heads: 3"), HasSubstr("where: run.yaml\n"));
  // Not while one of the fields is itself wrong (heads: 0 would also divide by zero) ...
  EXPECT_THAT(message_of("heads: 0\nhidden_size: 7"), Not(HasSubstr("multiple")));
  // ... but beside an unknown key, which changes no field.
  EXPECT_THAT(message_of("heads: 3\nbanana: 1"), HasSubstr("multiple"));
}

TEST(Mistake, AllAreListedInTheOrderOfTheFile) {
  EXPECT_EQ(message_of("banana: 1\nsteps: 0\nschedule:\n  kind: x\n  kind: none\nlayers: 3", {"seed=-1"}),
            "6 mistakes in the configuration run.yaml\n"
            "  1. unknown key `banana`\n"
            "       where: run.yaml:1\n"
            "       why: no option has this name\n"
            "       try: what can be set here: steps, seed, dropout, epsilon, shuffle, name, vocabulary, "
            "clip, decay, "
            "layers, files, weights, hidden_size, heads, schedule, evaluation, phases\n"
            "  2. `steps` is `0`\n"
            "       where: run.yaml:2\n"
            "       why: must be at least 1\n"
            "  3. `schedule.kind` is `x`\n"
            "       where: run.yaml:4\n"
            "       why: must be one of linear, none, square_root\n"
            "  4. key `kind` is given twice\n"
            "       where: run.yaml:5\n"
            "       why: the first is in line 4\n"
            "       try: keep one of them\n"
            "  5. `layers` is `3`\n"
            "       where: run.yaml:6\n"
            "       why: must be a list of integers\n"
            "       try: write [3]\n"
            "  6. `seed` is `-1`\n"
            "       where: --set seed=-1\n"
            "       why: must be between 0 and 18446744073709551615");
}

TEST(Mistake, LongValuesAreShortened) {
  const std::string message = message_of("steps: " + std::string(59, 'x') + "äöü" + std::string(5000, 'y'));
  EXPECT_LT(message.size(), 300u);
  EXPECT_THAT(message, HasSubstr("xxx…`"));
}

}  // namespace
}  // namespace cloze::sample
