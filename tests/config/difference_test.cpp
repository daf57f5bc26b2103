#include <gtest/gtest.h>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

std::string text_of(const std::vector<Difference>& differences) {
  std::string text;
  for (const Difference& difference : differences) {
    text += difference.key + ": " + difference.before + " -> " + difference.after;
    text += difference.fixed_on_resume ? " (fixed)\n" : "\n";
  }
  return text;
}

TEST(Difference, EqualOptionsHaveNone) {
  EXPECT_EQ(text_of(config::differences(read_sample(""), read_sample(""))), "");
}

TEST(Difference, NamesKeysAndValues) {
  Training after = read_sample("");
  after.steps = 5;
  after.seed = 2;
  after.decay = Decay::none;
  after.layers = {1, 2, 3};
  after.weights["a b"] = 1;
  EXPECT_EQ(text_of(config::differences(read_sample(""), after)),
            "steps: 1000 -> 5\n"
            "seed: 1 -> 2 (fixed)\n"
            "decay: null -> none (fixed)\n"
            "layers: [1, 2] -> [1, 2, 3]\n"
            "weights: {} -> {\"a b\": 1}\n");
}

TEST(Difference, AMarkOnASectionHoldsInside) {
  Training after = read_sample("");
  after.schedule.peak = 1;
  after.phases.at(1).schedule.peak = 1;
  EXPECT_EQ(text_of(config::differences(read_sample(""), after)),
            "schedule.peak: 0.0001 -> 1 (fixed)\n"
            "phases[1].schedule.peak: 0.0001 -> 1\n");
}

TEST(Difference, ElementsAndSectionsThatComeAndGo) {
  Training after = read_sample("");
  after.evaluation = Evaluation();
  after.phases.resize(1);
  const std::string there = text_of(config::differences(read_sample(""), after));
  EXPECT_NE(there.find("evaluation: null -> {…}\n"), std::string::npos);
  EXPECT_NE(there.find("evaluation.every: (absent) -> 1000\n"), std::string::npos);
  EXPECT_NE(there.find("phases[1].steps: 20 -> (absent)\n"), std::string::npos);
  const std::string back = text_of(config::differences(after, read_sample("")));
  EXPECT_NE(back.find("evaluation: {…} -> null\n"), std::string::npos);
  EXPECT_NE(back.find("phases[1].steps: (absent) -> 20\n"), std::string::npos);
}

}  // namespace
}  // namespace cloze::sample
