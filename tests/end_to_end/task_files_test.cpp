// Files of fine-tuning tasks through the program: `cloze dataset` and `cloze score glue`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ptrdiff_t lines_of(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  return std::count(text.begin(), text.end(), '\n');
}

TEST(TaskFiles, ReviewsBecomeGooglesTsv) {
  const ScratchFolder folder;
  const auto reviews = World::get() / "text/reviews/train.csv";
  const Outcome outcome = run({"dataset", "--from", reviews, "--to", folder.path(), "--relabel", "1=0", "2=1",
                               "--validation", "10%"});
  ASSERT_THAT(outcome, ExitsWith(0));
  EXPECT_THAT(outcome.log, HasSubstr("2000 examples; csv, 2 column(s), no header"));
  EXPECT_EQ(lines_of(folder / "train.tsv"), 1800);
  EXPECT_EQ(lines_of(folder / "dev.tsv"), 200);

  // As predictions the right labels themselves: every one is right.
  std::string predictions = "id\tlabel\n";
  const std::string dev = read_file(folder / "dev.tsv");
  for (size_t begin = 0; begin < dev.size(); begin = dev.find('\n', begin) + 1) {
    predictions += dev.substr(begin, dev.find('\t', dev.find('\t', begin) + 1) - begin) + '\n';
  }
  write_file(folder / "predictions.tsv", predictions);
  const Outcome scored = run({"score", "glue", "--task", "google-tsv", "--data", folder / "dev.tsv",
                              "--predictions", folder / "predictions.tsv"});
  ASSERT_THAT(scored, ExitsWith(0));
  const auto scores = nlohmann::json::parse(scored.output);
  EXPECT_EQ(scores["accuracy"], 1.0);
  EXPECT_EQ(scores["f1"], 1.0);
  EXPECT_EQ(scores["examples"], 200);
}

TEST(TaskFiles, BadInputsEndInOneMessage) {
  const ScratchFolder folder;
  write_file(folder / "cut.csv", "\"1\",\"good\"\n\"2\",\"never closed\n");
  const auto dataset = [&](const std::string& name, std::vector<std::string> more = {}) {
    Arguments call = {"dataset", "--from", folder / name, "--to", folder / "out"};
    call.insert(call.end(), more.begin(), more.end());
    return run(call);
  };
  const Outcome cut = dataset("cut.csv");
  EXPECT_THAT(cut, ExitsWith(1));
  EXPECT_THAT(cut.log, AllOf(HasSubstr("never closed"), HasSubstr("cut.csv:2")));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  EXPECT_THAT(dataset("missing.csv"), ExitsWith(2));
  EXPECT_THAT(dataset("cut.csv", {"--task", "yelb"}), ExitsWith(2));
  EXPECT_THAT(dataset("cut.csv", {"--relabel", "1"}), ExitsWith(2));
  EXPECT_THAT(dataset("cut.csv", {"--validation", "0.1"}), ExitsWith(2));
  EXPECT_THAT(run({"score"}), ExitsWith(2));
  EXPECT_THAT(run({"score", "glue", "--task", "cola", "--data", folder / "cut.csv", "--predictions", "none"}),
              ExitsWith(1));
}

}  // namespace
}  // namespace cloze::end_to_end
