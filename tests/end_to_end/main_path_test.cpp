// From nothing to a model that fills blanks, and all that the program can tell about what it made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::array commands = {"sample", "vocab", "tokenize", "prepare", "pretrain",
                                 "fill",   "plan",  "graph",    "info",    "reference"};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

struct Guess {
  double probability;
  std::string piece;
};

// The guesses of each blank; an empty line stands between two blanks.
std::vector<std::vector<Guess>> guesses_of(const std::string& output) {
  std::vector<std::vector<Guess>> blanks(1);
  for (const std::string& line : lines_of(output)) {
    if (line.empty()) {
      blanks.emplace_back();
      continue;
    }
    const size_t tab = line.find('\t');
    blanks.back().push_back({std::stod(line.substr(0, tab)), line.substr(tab + 1)});
  }
  return blanks;
}

TEST(MainPath, APretrainedModelFillsBlanks) {
  const ScratchFolder scratch;
  const Outcome training = run(pretrain_call(scratch / "run", {"training.steps=60"}));
  ASSERT_THAT(training, ExitsWith(0));
  EXPECT_THAT(training.output, IsEmpty()) << "progress is no result";
  EXPECT_THAT(training.log, AllOf(HasSubstr("step 60/60"), HasSubstr("evaluation at step 60"),
                                  HasSubstr("done: 60 steps"), HasSubstr("masked_lm_positions")));

  const Outcome filling =
      run({"fill", "--model", scratch / "run", "--top", "7", "the [MASK] walked past the [MASK] ."});
  ASSERT_THAT(filling, ExitsWith(0));
  EXPECT_THAT(filling.log, IsEmpty());
  const std::string vocabulary = "\n" + read_file(World::get() / "vocab.txt");
  const auto blanks = guesses_of(filling.output);
  ASSERT_EQ(blanks.size(), 2u);
  for (const auto& guesses : blanks) {
    ASSERT_EQ(guesses.size(), 7u);
    double sum = 0;
    for (size_t i = 0; i < guesses.size(); ++i) {
      EXPECT_LE(guesses[i].probability, i == 0 ? 1.0 : guesses[i - 1].probability);
      EXPECT_THAT(vocabulary, HasSubstr("\n" + guesses[i].piece + "\n"));
      sum += guesses[i].probability;
    }
    EXPECT_GT(sum, 0.0);
    EXPECT_LE(sum, 1.0 + 7 * 5e-5) << "each is rounded to four digits";
  }
}

TEST(MainPath, InfoTellsOfARunACheckpointAndACorpus) {
  const ScratchFolder scratch;
  ASSERT_THAT(run(pretrain_call(scratch / "run")), ExitsWith(0));
  const Outcome of_run = run({"info", scratch / "run", "--verify"});
  ASSERT_THAT(of_run, ExitsWith(0));
  EXPECT_THAT(of_run.output, AllOf(HasSubstr("checkpoints       10, 20\n"), HasSubstr("hidden 32")));
  EXPECT_THAT(of_run.log, IsEmpty());

  const Outcome of_checkpoint = run({"info", scratch / "run" / "checkpoints" / "step-10", "--verify"});
  ASSERT_THAT(of_checkpoint, ExitsWith(0));
  EXPECT_THAT(of_checkpoint.output,
              AllOf(HasSubstr("step              10\n"), HasSubstr("resumable         yes\n"),
                    HasSubstr("masked-LM head    yes\n")));

  const Outcome of_corpus = run({"info", World::get() / "little", "--verify"});
  ASSERT_THAT(of_corpus, ExitsWith(0));
  EXPECT_THAT(of_corpus.output, AllOf(HasSubstr("documents         16\n"), HasSubstr("uncased")));
}

TEST(MainPath, PlanOfTheSampleConfiguration) {
  const World& world = World::get();
  const auto plan = [&](const std::vector<std::string>& more) {
    Arguments call{"plan", CLOZE_SOURCE_DIR "/configs/pretrain/sample.yaml", "--set",
                   "data.train=" + (world / "corpus").string()};
    call.insert(call.end(), more.begin(), more.end());
    return run(call);
  };
  const Outcome here = plan({});
  ASSERT_THAT(here, ExitsWith(0));
  EXPECT_THAT(here.output, AllOf(HasSubstr("in all"), HasSubstr("It fits."), HasSubstr("10000 steps of 32")));
  EXPECT_THAT(here.log, IsEmpty());
  const Outcome early = run({"plan", CLOZE_SOURCE_DIR "/configs/pretrain/base.yaml", "--set",
                             "data.train=" + (world / "no-such-corpus").string()});
  ASSERT_THAT(early, ExitsWith(0));
  EXPECT_THAT(early.output,
              AllOf(HasSubstr("110106428 parameters"), HasSubstr("a vocabulary of 30522 assumed")));
  const Outcome too_large = plan({"--gpu", "h200", "--set", "model.hidden_size=1048576"});
  ASSERT_THAT(too_large, ExitsWith(0));
  EXPECT_THAT(too_large.output, HasSubstr("It does NOT fit"));
  EXPECT_THAT(plan({"--gpu", "abacus"}), ExitsWith(2));
  EXPECT_THAT(plan({"--gpus", "8", "--link", "ib-400"}), ExitsWith(2));  // of one node
  EXPECT_THAT(plan({"--nodes", "2", "--node-link", "100GB/s"}), ExitsWith(2));
  EXPECT_THAT(plan({"--gpus", "2", "--nodes", "2", "--link", "ib-400", "--node-link", "100GB/s"}),
              ExitsWith(0));
}

// "498.4 MiB" on the line that begins with `name`.
double planned_bytes(const std::string& plan, const std::string& name) {
  const size_t at = plan.find("  " + name);
  if (at == std::string::npos) return 0;
  std::istringstream words(plan.substr(at + 2 + name.size()));
  double amount = 0;
  std::string unit;
  words >> amount >> unit;
  return amount * (unit == "GiB" ? 1 << 30 : unit == "MiB" ? 1 << 20 : unit == "KiB" ? 1 << 10 : 0);
}

// A model whose own memory outweighs the program's.
TEST(MainPath, ThePlanForeseesThePeakOfMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers take memory of their own";
#endif
  const World& world = World::get();
  const std::vector<std::string> settings{"data.train=" + (world / "corpus").string(),
                                          "model.hidden_size=512",
                                          "model.intermediate_size=2048",
                                          "model.layers=4",
                                          "training.steps=2",
                                          "checkpoint.every=1",
                                          "batch.sequences=64",
                                          "evaluation.sequences=8",
                                          "log.examples=0"};
  const std::filesystem::path output = world / "planned";
  Arguments plan{"plan", CLOZE_SOURCE_DIR "/configs/pretrain/sample.yaml"};
  Arguments train{"pretrain", plan[1], "--set", "data.validation=" + (world / "corpus-valid").string()};
  for (const std::string& setting : settings) {
    plan.insert(plan.end(), {"--set", setting});
    train.insert(train.end(), {"--set", setting});
  }
  plan.insert(plan.end(), {"--set", "data.validation=" + (world / "corpus-valid").string()});
  train.insert(train.end(), {"--set", "output=" + output.string()});
  const Outcome planned = run(plan);
  ASSERT_THAT(planned, ExitsWith(0));
  const Outcome trained = run(train);
  ASSERT_THAT(trained, ExitsWith(0));
  const double foreseen = planned_bytes(planned.output, "in all"),
               peak = static_cast<double>(trained.peak_bytes);
  EXPECT_NEAR(foreseen / peak, 1, 0.05) << planned.output << "peak: " << peak / (1 << 20) << " MiB";
  std::filesystem::remove_all(output);
}

// The error names all passes, so this test cannot miss one.
std::vector<std::string> names_of_passes(const std::filesystem::path& config) {
  const Outcome refused = run({"graph", config, "--after", "no-such-pass"});
  EXPECT_THAT(refused, ExitsWith(2));
  const std::string before = "one of ";
  std::istringstream names(refused.log.substr(refused.log.find(before) + before.size()));
  std::vector<std::string> found;
  for (std::string name; std::getline(names >> std::ws, name, ',');)
    found.push_back(name.substr(0, name.find('\n')));
  return found;
}

TEST(MainPath, TheGraphAfterEachPass) {
  const std::filesystem::path config = World::get() / "pretrain.yaml";
  const std::vector<std::string> passes = names_of_passes(config);
  ASSERT_THAT(passes, testing::IsSupersetOf({"model", "differentiate", "update", "drop_unused"}));
  std::vector<std::string> texts;
  for (const std::string& pass : passes) {
    const Outcome text = run({"graph", config, "--after", pass});
    ASSERT_THAT(text, ExitsWith(0));
    EXPECT_THAT(text.output, HasSubstr("result masked_language_loss"));
    texts.push_back(text.output);
    const Outcome dot = run({"graph", config, "--after", pass, "--format", "dot"});
    ASSERT_THAT(dot, ExitsWith(0));
    EXPECT_THAT(dot.output, AllOf(StartsWith("digraph"), HasSubstr("->"), testing::EndsWith("}\n")));
  }
  EXPECT_THAT(texts.front(), Not(HasSubstr("backward")));
  EXPECT_THAT(texts.back(), AllOf(HasSubstr("backward"), HasSubstr("adamw(")));
  EXPECT_EQ(run({"graph", config}).output, texts.back());
}

TEST(MainPath, TokenizePrintsIdsOrPieces) {
  const World& world = World::get();
  const std::string text = "the girl walked .\n\nthe boy\n";
  const Outcome pieces = run({"tokenize", "--vocab", world / "vocab.txt", "--pieces"}, {.input = text});
  ASSERT_THAT(pieces, ExitsWith(0));
  EXPECT_EQ(pieces.output, text) << "these are whole words of the sample";
  const Outcome ids = run({"tokenize", "--vocab", world / "vocab.txt"}, {.input = text});
  ASSERT_THAT(ids, ExitsWith(0));
  const auto vocabulary = lines_of(read_file(world / "vocab.txt"));
  std::istringstream numbers(lines_of(ids.output).front());
  std::string again;
  for (size_t id; numbers >> id;) again += vocabulary.at(id) + " ";
  EXPECT_EQ(again, "the girl walked . ");
}

TEST(MainPath, HelpVersionAndReference) {
  for (const char* command : commands) {
    const Outcome help = run({command, "--help"});
    ASSERT_THAT(help, ExitsWith(0)) << command;
    EXPECT_THAT(help.output, AllOf(HasSubstr("Usage:"), HasSubstr(command)));
    EXPECT_THAT(run({"--help"}).output, HasSubstr(command));
  }
  EXPECT_THAT(run({"--version"}).output, testing::MatchesRegex("cloze [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_THAT(run({}), ExitsWith(2));
  EXPECT_THAT(run({"no-such-command"}), ExitsWith(2));
  EXPECT_THAT(run({"reference"}).output, HasSubstr("micro_batch_tokens"));
  EXPECT_TRUE(nlohmann::json::parse(run({"reference", "--schema"}).output).contains("properties"));
}

}  // namespace
}  // namespace cloze::end_to_end
