// `cloze features` as a user calls it, on a model that the program made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

// A model hardly trained, made once.
fs::path model() {
  static const fs::path folder = [] {
    const fs::path output = World::get() / "features-model";
    EXPECT_THAT(run(pretrain_call(output, {"training.steps=2"})), ExitsWith(0));
    return output;
  }();
  return folder;
}

Arguments features_call(const fs::path& output, const Arguments& more) {
  Arguments call{"features", "--model", model().string(), "--output", output.string()};
  call.insert(call.end(), more.begin(), more.end());
  return call;
}

TEST(Features, AreTheSameFromAFileAndFromStandardInput) {
  const ScratchFolder folder;
  const std::string text = "the ship was new\n\nthe barn ||| was old";
  write_file(folder / "lines.txt", text);
  const Outcome from_file = run(features_call(
      folder / "a.jsonl", {"--input", folder / "lines.txt", "--layers", "-1,0", "--max-length", "16"}));
  ASSERT_THAT(from_file, ExitsWith(0));
  EXPECT_THAT(from_file.log, HasSubstr("3 lines"));
  ASSERT_THAT(run(features_call(folder / "b.jsonl", {"--layers=-1,0", "--max-length=16"}), {.input = text}),
              ExitsWith(0));
  const std::string written = read_file(folder / "a.jsonl");
  EXPECT_EQ(written, read_file(folder / "b.jsonl"));
  ASSERT_EQ(std::count(written.begin(), written.end(), '\n'), 3);
  const auto first = nlohmann::json::parse(written.substr(0, written.find('\n')));
  EXPECT_EQ(first["linex_index"], 0);
  EXPECT_EQ(first["features"][0]["token"], "[CLS]");
  EXPECT_EQ(first["features"][0]["layers"][0]["index"], -1);
  EXPECT_EQ(first["features"][0]["layers"][1]["index"], 0);
}

struct FeaturesMistake {
  const char* name;
  int exit_code;
  std::vector<std::string> said;
  Arguments more;
  const char* input = "a line\n";
};
void PrintTo(const FeaturesMistake& mistake, std::ostream* stream) {
  *stream << mistake.name;
}

class FeaturesMistakes : public testing::TestWithParam<FeaturesMistake> {};
INSTANTIATE_TEST_SUITE_P(
    EndToEnd, FeaturesMistakes,
    testing::Values(
        FeaturesMistake{"no_such_layer", 2, {"there is no layer 40", "--layers"}, {"--layers", "40"}},
        FeaturesMistake{"no_number", 2, {"--layers"}, {"--layers", "last"}},
        FeaturesMistake{
            "too_long", 2, {"the model was trained on up to"}, {"--layers=0", "--max-length=100000"}},
        FeaturesMistake{"no_line",
                        1,
                        {"the input holds no line", "standard input"},
                        {"--layers=0", "--max-length=32"},
                        ""},
        FeaturesMistake{
            "no_file", 2, {"nothing.txt", "No such file"}, {"--input", "nothing.txt", "--layers=0"}}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(FeaturesMistakes, AreToldAndNothingIsLeft) {
  const ScratchFolder folder;
  const Outcome outcome =
      run(features_call(folder / "out.jsonl", GetParam().more), {.input = GetParam().input});
  EXPECT_THAT(outcome, ExitsWith(GetParam().exit_code));
  for (const std::string& part : GetParam().said) EXPECT_THAT(outcome.log + outcome.output, HasSubstr(part));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Features, NeedAPlaceToWriteAndAVocabulary) {
  const ScratchFolder folder;
  const Outcome unwritable =
      run(features_call(folder / "nowhere/out.jsonl", {"--layers=0", "--max-length=32"}), {.input = "a\n"});
  EXPECT_THAT(unwritable, ExitsWith(1));
  EXPECT_THAT(unwritable.log, AllOf(HasSubstr("nowhere/out.jsonl"), HasSubstr("No such file")));

  fs::copy(model() / "latest", folder / "model");
  fs::remove(folder / "model/vocab.txt");
  const Outcome without =
      run({"features", "--model", folder / "model", "--output", folder / "out.jsonl", "--layers=0"},
          {.input = "a\n"});
  EXPECT_THAT(without, ExitsWith(1));
  EXPECT_THAT(without.log, HasSubstr("vocab.txt"));
  EXPECT_FALSE(fs::exists(folder / "out.jsonl"));
}

}  // namespace
}  // namespace cloze::end_to_end
