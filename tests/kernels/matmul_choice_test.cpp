// How a matmul library's algorithms are chosen and kept, with a library that is none.
#include "kernels/linear/matmul_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kernels/linear/matmul_choice_file.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

MatmulAlgorithm algorithm(uint64_t number) {
  return {{number, ~number, 0, 1}};
}

// Algorithms 0, 1, … with the times given; a negative time fails.
class FakeTrials final : public MatmulTrials {
 public:
  explicit FakeTrials(std::vector<double> seconds) : seconds_(std::move(seconds)) {}
  std::vector<MatmulAlgorithm> proposals() override {
    std::vector<MatmulAlgorithm> all;
    for (size_t i = 0; i < seconds_.size(); ++i) all.push_back(algorithm(i));
    ++asked;
    return all;
  }
  bool usable(const MatmulAlgorithm&) override { return still_usable; }
  bool can_time() override { return has_room; }
  std::optional<double> time(const MatmulAlgorithm& one) override {
    ++timed;
    const double seconds = seconds_[one.state[0]];
    return seconds < 0 ? std::nullopt : std::optional(seconds);
  }
  int asked = 0, timed = 0;
  bool still_usable = true, has_room = true;

 private:
  std::vector<double> seconds_;
};

const MatmulMachine h100{"NVIDIA H100 90", "cublasLt 130000"};
const MatmulShape some_shape{.left = DType::f8_e4m3,
                             .right = DType::f8_e5m2,
                             .output = DType::f32,
                             .rows = 3072,
                             .columns = 768,
                             .depth = 4096,
                             .left_stride = 3072,
                             .right_stride = 768,
                             .output_stride = 768,
                             .transpose_left = true,
                             .accumulate = true};

class MatmulChoice : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = fs::path(::testing::TempDir()) /
             ("cloze_matmul_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder);
    file = (folder / "deep" / "choices").string();
  }
  void TearDown() override { fs::remove_all(folder); }
  MatmulChoices choices(const MatmulMachine& machine = h100) {
    return MatmulChoices(machine, file, [this](const std::string& message) { said.push_back(message); });
  }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(file).rdbuf();
    return all.str();
  }
  void overwrite(const std::string& content) const { std::ofstream(file) << content; }

  fs::path folder;
  std::string file;
  std::vector<std::string> said;
};

TEST_F(MatmulChoice, TheQuickestIsTakenAndTimedOnce) {
  MatmulChoices all = choices();
  FakeTrials trials({3e-3, -1, 1e-3, 2e-3});
  EXPECT_EQ(all.choose(some_shape, trials, true), algorithm(2));
  EXPECT_EQ(trials.timed, 4);
  EXPECT_EQ(all.choose(some_shape, trials, true), algorithm(2));
  EXPECT_EQ(trials.timed, 4);
  MatmulShape other = some_shape;
  other.accumulate = false;
  FakeTrials others({1e-3, 2e-3});
  EXPECT_EQ(all.choose(other, others, true), algorithm(0));
  EXPECT_TRUE(said.empty());
}

TEST_F(MatmulChoice, NothingIsTimedWhereItMustNotBe) {
  MatmulChoices all = choices();
  FakeTrials trials({3e-3, 1e-3});
  EXPECT_EQ(all.choose(some_shape, trials, false), algorithm(0));
  EXPECT_EQ(trials.timed, 0);
  MatmulShape other = some_shape;
  other.rows = 1;
  trials.has_room = false;
  EXPECT_EQ(all.choose(other, trials, true), algorithm(0));
  EXPECT_EQ(trials.timed, 0);
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(MatmulChoice, WhatALibraryHasNotIsNoChoice) {
  MatmulChoices all = choices();
  FakeTrials none({}), failing({-1, -1});
  EXPECT_EQ(all.choose(some_shape, none, true), std::nullopt);
  EXPECT_EQ(all.choose(some_shape, none, true), std::nullopt);
  EXPECT_EQ(none.asked, 1);
  MatmulShape other = some_shape;
  other.epilogue = 1;
  EXPECT_EQ(all.choose(other, failing, true), std::nullopt);
}

TEST_F(MatmulChoice, AnotherRunTakesItFromTheFile) {
  MatmulShape plain = some_shape;
  plain.left = plain.right = DType::f32;
  plain.quick_sums = true;
  plain.transpose_right = true;
  plain.epilogue = 1;
  {
    MatmulChoices all = choices();
    FakeTrials trials({3e-3, 1e-3});
    all.choose(some_shape, trials, true);
    all.choose(plain, trials, true);
  }
  MatmulChoices again = choices();
  EXPECT_EQ(again.size(), 2u);
  FakeTrials trials({1e-3, 3e-3});
  EXPECT_EQ(again.choose(some_shape, trials, true), algorithm(1));
  EXPECT_EQ(again.choose(plain, trials, true), algorithm(1));
  EXPECT_EQ(trials.asked, 0);
  EXPECT_TRUE(said.empty());
}

TEST_F(MatmulChoice, WhatTheLibraryNoLongerTakesIsChosenAgain) {
  {
    MatmulChoices all = choices();
    FakeTrials trials({3e-3, 1e-3});
    all.choose(some_shape, trials, true);
  }
  MatmulChoices again = choices();
  FakeTrials trials({1e-3, 3e-3});
  trials.still_usable = false;
  EXPECT_EQ(again.choose(some_shape, trials, true), algorithm(0));
  EXPECT_EQ(trials.timed, 2);
}

TEST_F(MatmulChoice, AFileOfAnotherGpuOrLibraryIsNotUsed) {
  {
    MatmulChoices all = choices();
    FakeTrials trials({3e-3, 1e-3});
    all.choose(some_shape, trials, true);
  }
  for (const MatmulMachine& other :
       {MatmulMachine{"NVIDIA A100 80", h100.library}, MatmulMachine{h100.gpu, "cublasLt 120800"}}) {
    said.clear();
    MatmulChoices all = choices(other);
    EXPECT_EQ(all.size(), 0u);
    ASSERT_EQ(said.size(), 1u);
    EXPECT_THAT(said[0], ::testing::HasSubstr("NVIDIA H100 90"));
    EXPECT_THAT(said[0], ::testing::HasSubstr("made again"));
  }
}

TEST_F(MatmulChoice, ADamagedFileIsNotUsed) {
  {
    MatmulChoices all = choices();
    FakeTrials trials({3e-3, 1e-3});
    all.choose(some_shape, trials, true);
  }
  const std::string whole = text();
  std::vector<std::string> damaged = {"", "cloze-matmul-choices 2\n", whole.substr(0, whole.size() - 1),
                                      whole + "more\n", whole.substr(0, whole.size() / 2)};
  for (size_t i = 0; i < whole.size(); i += 7) {
    damaged.push_back(whole);
    damaged.back()[i] = static_cast<char>(damaged.back()[i] ^ 1);
  }
  for (const std::string& content : damaged) {
    overwrite(content);
    said.clear();
    MatmulChoices all = choices();
    EXPECT_EQ(all.size(), 0u) << content;
    EXPECT_EQ(said.size(), 1u) << content;
  }
  overwrite(whole);
  said.clear();
  EXPECT_EQ(choices().size(), 1u);
  EXPECT_TRUE(said.empty());
}

TEST_F(MatmulChoice, AFileThatCannotBeWrittenStopsNothing) {
  fs::create_directories(folder);
  std::ofstream(folder / "deep") << "no folder";
  MatmulChoices all = choices();
  FakeTrials trials({3e-3, 1e-3});
  EXPECT_EQ(all.choose(some_shape, trials, true), algorithm(1));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], ::testing::HasSubstr("could not be kept"));
}

TEST(MatmulShape, OfAProduct) {
  Tensor left{nullptr, DType::bf16, 4096, 3072, 3072}, right{nullptr, DType::bf16, 4096, 768, 2304},
      output{nullptr, DType::f32, 3072, 768, 768};
  Matmul matmul{.left = left,
                .right = right,
                .transpose_left = true,
                .output = output,
                .mode = GradientMode::accumulate};
  const MatmulShape shape = shape_of(matmul);
  EXPECT_EQ(shape.depth, 4096);
  matmul.right.data = reinterpret_cast<void*>(uintptr_t{7 * 128});
  EXPECT_EQ(shape_of(matmul).alignment, 128);
  EXPECT_EQ(to_string(shape), "bf16,bf16,f32,3072,768,4096,3072,2304,768,256,5,0");
}

}  // namespace
}  // namespace cloze
