#include <gtest/gtest.h>

#include <random>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

constexpr const char* seed_document = R"(# a run
steps: 128k
seed: 7
dropout: 10%
name: "a \u00e9 name"
clip: 1.5
layers: [1, 2, 3]
weights: {wiki: 0.75, books: 1}
schedule: &s
  kind: square_root
  warmup_steps: 10
evaluation:
  every: 50
  metrics:
  - f1
  - 'it''s'
phases:
- name: |
    only
  schedule: *s
- name: >-
    folded
    text
  steps: 1_000
)";

constexpr const char* fragments[] = {":",    "- ",        "[",           "]",  "{",    "}",     "\n",
                                     "\n  ", "\t",        "\"",          "'",  "&a ",  "*a",    "!!str ",
                                     "|",    ">",         "#",           "? ", "%",    "---\n", "...\n",
                                     "<<",   "null",      "~",           ",",  "\r\n", "\xFF",  "\xC3\xA9",
                                     "\\x",  "base: x\n", "1e999999999", "@",  "`",    "\x04"};

std::string mutated(std::mt19937& random) {
  std::string text = seed_document;
  const auto below = [&](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
  };
  for (size_t edits = 1 + below(4); edits > 0; --edits) {
    const size_t place = below(text.size() + 1);
    switch (below(4)) {
      case 0:
        text.insert(place, fragments[below(std::size(fragments))]);
        break;
      case 1:
        text.erase(place, 1 + below(20));
        break;
      case 2:
        text.insert(place, text.substr(below(text.size() + 1), below(60)));
        break;
      default:
        if (place < text.size()) text[place] = static_cast<char>(below(256));
    }
  }
  return text;
}

// Whatever the text, it is read or refused with a UsageError; what is read survives a dump.
TEST(Fuzz, MutatedDocumentsAreReadOrRefused) {
  std::mt19937 random(20240501);
  int read_well = 0, refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string yaml = mutated(random);
    try {
      const Training options = read_sample(yaml);
      ++read_well;
      EXPECT_EQ(config::read_text<Training>(config::dump(options), "dump.yaml"), options) << yaml;
    } catch (const UsageError& error) {
      ++refused;
      EXPECT_FALSE(error.problem().what.empty());
      EXPECT_TRUE(error.problem().where.starts_with("run.yaml") ||
                  error.problem().what.find("mistakes in") != std::string::npos)
          << error.what();
    }
  }
  EXPECT_GT(read_well, 100);
  EXPECT_GT(refused, 200);
}

TEST(Fuzz, MutatedOverridesAreReadOrRefused) {
  std::mt19937 random(7);
  const auto below = [&](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
  };
  int read_well = 0, refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string text = i % 2 == 0 ? "phases[0].schedule.peak=2e-5" : "layers=[1, 2, {a: b}]";
    for (size_t edits = 1 + below(2); edits > 0; --edits) {
      const size_t place = below(text.size() + 1);
      if (below(2) == 0) {
        text.erase(place, 1 + below(4));
      } else {
        text.insert(place, fragments[below(std::size(fragments))]);
      }
    }
    try {
      read_sample("", {text});
      ++read_well;
    } catch (const UsageError&) {
      ++refused;
    }
  }
  EXPECT_GT(read_well, 20);
  EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace cloze::sample
