#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Yaml, SyntaxErrorsShowPlaceAndLine) {
  EXPECT_THAT(
      message_of("steps: 5\nname: [a, b\nseed: 3"),
      AllOf(StartsWith("this is not valid YAML\n  where: run.yaml:"), HasSubstr("; the line reads: ")));
  EXPECT_THAT(message_of("steps: 5\nname: a: b\n"),
              AllOf(HasSubstr("where: run.yaml:2:8\n"), HasSubstr("the line reads: name: a: b")));
  EXPECT_THAT(message_of("steps: @5"), HasSubstr("run.yaml:1:8"));
  EXPECT_THAT(message_of("steps: 5\nname: [a, b]]"), HasSubstr("run.yaml:2:13"));
}

TEST(Yaml, CutOffTexts) {
  for (const char* quote : {"\"", "'"}) {
    for (const char* end : {"", "\n", "\nseed: 5\n", "\n\n"}) {
      EXPECT_THAT(message_of(fmt::format("steps: 5\nname: {}open{}", quote, end)),
                  AllOf(HasSubstr("where: run.yaml:2:1\n"),
                        HasSubstr("has no closing quote; the line reads: name: ")));
    }
  }
  EXPECT_THAT(message_of("layers: [1, 2"), HasSubstr("not valid YAML"));
  try {
    config::read_text<Training>("vocabulary: v\nschedule\n", "run.yaml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("run.yaml:2:1"),
                                    HasSubstr("`schedule` stands alone: a key is followed by `:`")));
  }
}

TEST(Yaml, DocumentMarks) {
  EXPECT_EQ(config::read_text<Training>("--- \nvocabulary: v\n...\n", "run.yaml").steps, 1000);
  EXPECT_EQ(config::read_text<Training>("vocabulary: v\n...\n# the end\n", "run.yaml").steps, 1000);
  EXPECT_THAT(message_of("steps: 1\n...\nseed: 2"),
              AllOf(HasSubstr("a second document starts here"), HasSubstr("run.yaml:3")));
  EXPECT_EQ(config::read_text<Training>("vocabulary: v\nname: |\n  a", "run.yaml").name, "a\n");
  EXPECT_EQ(config::read_text<Training>("vocabulary: v\nname: |+\n  a\n\n", "run.yaml").name, "a\n\n");
  EXPECT_EQ(config::read_text<Training>("vocabulary: v\nname: |-\n  a\n\n", "run.yaml").name, "a");
}

TEST(Yaml, TabsInTheIndentation) {
  EXPECT_THAT(message_of("schedule:\n\tkind: none\n"),
              AllOf(HasSubstr("run.yaml:2:"), HasSubstr("indent with spaces: YAML takes no tabs there")));
  EXPECT_THAT(message_of("schedule:\n  kind: none\n\twarmup_steps: 3\n"), HasSubstr("indent with spaces"));
  EXPECT_EQ(read_sample("steps:\t5\t# tabs elsewhere\n").steps, 5);
}

TEST(Yaml, OnlyTextIsRead) {
  EXPECT_THAT(message_of("name: caf\xE9"), HasSubstr("byte 0xE9 is not UTF-8; save the file as UTF-8"));
  EXPECT_THAT(message_of("name: caf\xE9"), HasSubstr("run.yaml:1:10"));
  EXPECT_THAT(message_of(std::string_view("steps: 1\nname: \x04\nseed: x", 25)),
              HasSubstr("control character 0x04"));
  EXPECT_THAT(message_of(std::string_view("\xFF\xFEs\0", 4)), HasSubstr("is not UTF-8"));
  EXPECT_THAT(message_of("name: \xED\xA0\x80"), HasSubstr("is not UTF-8"));  // a surrogate
  EXPECT_THAT(message_of("name: \xC0\xAF"), HasSubstr("is not UTF-8"));      // overlong
  EXPECT_EQ(read_sample("name: \xF0\x9F\x98\x80 é").name, "\xF0\x9F\x98\x80 é");
}

TEST(Yaml, WhatIsRefused) {
  EXPECT_THAT(message_of("steps: !!int 5"), HasSubstr("tags like"));
  EXPECT_THAT(message_of("--- {steps: 5}\n--- {steps: 6}\n---"), HasSubstr("a second document starts here"));
  EXPECT_THAT(message_of("? [a, b]\n: 5"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(message_of("null: 5"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(message_of("a: &x [*x]"), HasSubstr("an alias stands inside what it names"));
  EXPECT_THAT(message_of("a: *x"), HasSubstr("not valid YAML"));
  EXPECT_THAT(message_of("schedule: &s {peak: 1}\nphases:\n- name: a\n  <<: *s\n"),
              AllOf(HasSubstr("merge keys `<<` are not supported"), HasSubstr("run.yaml:4")));
}

TEST(Yaml, AListIsNoConfiguration) {
  try {
    config::read_text<Training>("- steps: 5", "run.yaml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(
        error.what(),
        HasSubstr("a configuration is a map of keys to values\n  where: run.yaml:1\n  why: this is a list"));
  }
}

TEST(Yaml, AliasesOfAliasesEndSoon) {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    yaml += fmt::format("a{0}: &a{0} [", i);
    for (int j = 0; j < 10; ++j) yaml += fmt::format("*a{}, ", i - 1);
    yaml += "]\n";
  }
  EXPECT_THAT(message_of(yaml), HasSubstr("too large for a configuration"));
}

TEST(Yaml, DepthIsBounded) {
  EXPECT_THAT(message_of("a: " + std::string(100000, '[')), HasSubstr("not valid YAML"));
  std::string nested;
  for (int i = 0; i < 2000; ++i) nested += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(message_of(nested), HasSubstr("not valid YAML"));
}

}  // namespace
}  // namespace cloze::sample
