#include <gtest/gtest.h>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

Training read_dump(const Training& options) {
  return config::read_text<Training>(config::dump(options), "dump.yaml", {}, "/elsewhere");
}

Training unusual() {
  Training options = read_sample("");
  options.steps = 9007199254740993;  // 2^53 + 1: no double
  options.seed = 18446744073709551615u;
  options.dropout = 1.0 / 3;
  options.epsilon = 1.17549435e-38f;
  options.clip = 5e-324;
  options.decay = Decay::square_root;
  options.layers = {};
  options.files = {"/a b/ü.txt", "/c\"d\\e\n.txt"};
  options.weights = {{"no", 0.1}, {"a: b", 1e300}, {"", 0}, {"x", 2}, {"5", 3}};
  options.evaluation =
      Evaluation{3, {"null", "~", "- a", "#", "tab\there", "\x01\x7f", " lead", "5", "true", "a,b]"}};
  options.phases.at(0).schedule.peak = 0.1 + 0.2;
  return options;
}

TEST(Dump, ShowsEveryKey) {
  EXPECT_EQ(config::dump(read_sample("")),
            "steps: 1000\n"
            "seed: 1\n"
            "dropout: 0.1\n"
            "epsilon: 1.0e-06\n"
            "shuffle: true\n"
            "name: run\n"
            "vocabulary: /data/runs/vocab.txt\n"
            "clip: null\n"
            "decay: null\n"
            "layers: [1, 2]\n"
            "files: []\n"
            "weights: {}\n"
            "hidden_size: 64\n"
            "heads: 4\n"
            "schedule:\n"
            "  kind: linear\n"
            "  warmup_steps: 0\n"
            "  peak: 0.0001\n"
            "evaluation: null\n"
            "phases:\n"
            "  - name: first\n"
            "    steps: 10\n"
            "    schedule:\n"
            "      kind: linear\n"
            "      warmup_steps: 0\n"
            "      peak: 0.0001\n"
            "  - name: second\n"
            "    steps: 20\n"
            "    schedule:\n"
            "      kind: linear\n"
            "      warmup_steps: 0\n"
            "      peak: 0.0001\n");
}

TEST(Dump, ReadsBackExactly) {
  EXPECT_EQ(read_dump(read_sample("")), read_sample(""));
  EXPECT_EQ(read_dump(unusual()), unusual());
  EXPECT_EQ(config::dump(read_dump(unusual())), config::dump(unusual()));
}

TEST(Dump, EveryTextReadsBack) {
  for (int byte = 1; byte < 128; ++byte) {
    for (const char* around : {"", "a", " ", "-"}) {
      Training options = read_sample("");
      options.name = std::string(around) + static_cast<char>(byte) + around;
      EXPECT_EQ(read_dump(options).name, options.name) << byte;
    }
  }
  for (const char* text :
       {"", "null", "Null", "TRUE", "off", "y", "1e5", "0x10", "~", "...", "---", "é", "\xF0\x9F\x98\x80"}) {
    Training options = read_sample("");
    options.name = text;
    EXPECT_EQ(read_dump(options).name, text);
  }
}

TEST(Dump, WordsThatOtherReadersTakeForValuesAreQuoted) {
  Training options = read_sample("");
  for (const char* word :
       {"no", "Off", "yes", "y", "null", "true", "1_000", "12:30:00", "2024-01-01", ".inf"}) {
    options.name = word;
    EXPECT_NE(config::dump(options).find(std::string("name: \"") + word + "\"\n"), std::string::npos) << word;
  }
}

TEST(Dump, PathsBecomeAbsolute) {
  Training options = read_sample("");
  options.vocabulary = "x/../v.txt";
  EXPECT_EQ(read_dump(options).vocabulary, std::filesystem::current_path() / "v.txt");
}

struct Nothing {};
void describe(Fields&, Nothing&) {}
struct Holder {
  Nothing nothing;
  std::optional<Nothing> maybe;
  std::vector<Nothing> several;
};
void describe(Fields& fields, Holder& options) {
  fields.section("nothing", options.nothing, "An empty section");
  fields.section("maybe", options.maybe, "One that may be absent");
  fields.list("several", options.several, "A list of them");
}

TEST(Dump, SectionsWithoutKeys) {
  const Holder holder{.maybe = Nothing(), .several = {{}, {}}};
  const std::string yaml = config::dump(holder);
  EXPECT_EQ(yaml, "nothing: {}\nmaybe: {}\nseveral:\n  - {}\n  - {}\n");
  const Holder read = config::read_text<Holder>(yaml, "dump.yaml");
  EXPECT_TRUE(read.maybe.has_value());
  EXPECT_EQ(read.several.size(), 2u);
}

}  // namespace
}  // namespace cloze::sample
