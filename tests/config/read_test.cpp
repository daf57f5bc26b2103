#include <gtest/gtest.h>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

TEST(Read, AnEmptyDocumentGivesTheDefaults) {
  Training expected;
  expected.vocabulary = "/data/runs/vocab.txt";
  EXPECT_EQ(read_sample(""), expected);
  EXPECT_EQ(read_sample("# nothing but a comment\n---\n"), expected);
}

TEST(Read, EveryKindOfField) {
  const Training read = read_sample(R"(
steps: 128k
seed: 18446744073709551615
dropout: 10%
epsilon: 1e-12
shuffle: false
name: no
clip: 1.5
decay: none
layers: [1e1, 2_0, 3]
files: [a.txt, /b/../c.txt]
weights: {wiki: 0.75, books: 1}
hidden_size: 1Ki
heads: 16
schedule:
  kind: square_root
  warmup_steps: 10
evaluation:
  every: 50
  metrics:
  - f1
  - "null"
phases:
- name: only
  schedule: {peak: 2e-5}
)");
  EXPECT_EQ(read.steps, 128000);
  EXPECT_EQ(read.seed, 18446744073709551615u);
  EXPECT_EQ(read.dropout, 0.1);
  EXPECT_EQ(read.epsilon, 1e-12f);
  EXPECT_FALSE(read.shuffle);
  EXPECT_EQ(read.name, "no");
  EXPECT_EQ(read.clip, 1.5);
  EXPECT_EQ(read.decay, Decay::none);
  EXPECT_EQ(read.layers, (std::vector{10, 20, 3}));
  EXPECT_EQ(read.files, (std::vector<std::filesystem::path>{"/data/runs/a.txt", "/c.txt"}));
  EXPECT_EQ(read.weights, (std::map<std::string, double>{{"books", 1}, {"wiki", 0.75}}));
  EXPECT_EQ(read.hidden_size, 1024);
  EXPECT_EQ(read.heads, 16);
  EXPECT_EQ(read.schedule, (Schedule{Decay::square_root, 10, 1e-4}));
  EXPECT_EQ(read.evaluation, (Evaluation{50, {"f1", "null"}}));
  EXPECT_EQ(read.phases, (std::vector<Phase>{{"only", 100, {Decay::linear, 0, 2e-5}}}));
  EXPECT_EQ(read.vocabulary, "/data/runs/vocab.txt");
}

TEST(Read, NullUnsetsWhatIsOptional) {
  const Training read = read_sample("clip: null\ndecay: ~\nevaluation: null\nschedule:\n");
  EXPECT_FALSE(read.clip || read.decay || read.evaluation);
  EXPECT_EQ(read.schedule, Schedule());
}

TEST(Read, AnOptionalSectionMayBeEmpty) {
  EXPECT_EQ(read_sample("evaluation: {}").evaluation, Evaluation());
}

TEST(Read, EmptyListsAndMaps) {
  const Training read = read_sample("layers: []\nphases: []\nweights: {}\n");
  EXPECT_TRUE(read.layers.empty() && read.phases.empty() && read.weights.empty());
}

TEST(Read, TextTakesWhateverIsWrittenPlainly) {
  EXPECT_EQ(read_sample("name: off").name, "off");
  EXPECT_EQ(read_sample("name: 1_000").name, "1_000");
  EXPECT_EQ(read_sample("name: 2024-01-01").name, "2024-01-01");
  EXPECT_EQ(read_sample("name: \"\"").name, "");
  EXPECT_EQ(read_sample("name: 'a: b'").name, "a: b");
  EXPECT_EQ(read_sample("name: |\n  two\n  lines\n").name, "two\nlines\n");
}

TEST(Read, WindowsLinesAndByteOrderMark) {
  EXPECT_EQ(read_sample("\xEF\xBB\xBFsteps: 5\r\nname: abc\r\nschedule:\r\n  kind: none\r\n").name, "abc");
}

TEST(Read, AnchorsAndAliases) {
  const Training read =
      read_sample("schedule: &s {peak: 3}\nphases:\n- {name: a, schedule: *s}\n- {name: b, schedule: *s}");
  EXPECT_EQ(read.phases.at(1).schedule.peak, 3);
}

}  // namespace
}  // namespace cloze::sample
