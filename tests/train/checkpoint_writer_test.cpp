#include "engine/train/checkpoint_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/base/error.h"

namespace cloze {
namespace {

using testing::ElementsAre;

CheckpointContents contents_of(int64_t step, std::span<const float> weights) {
  CheckpointContents contents{.config = {}, .tokenizer = {}, .parameters = {}, .step = step};
  contents.parameters.push_back({"weights", {static_cast<int64_t>(weights.size())}, weights});
  return contents;
}

// A disk that writes what it is told when it is let go, and not before.
class HeldDisk {
 public:
  CheckpointWriter::Write write() {
    return [this](const CheckpointContents& contents, const nlohmann::json& trainer_state) {
      begun_.set_value();
      let_go_.get_future().wait();
      const auto values = contents.parameters.at(0).values;
      written.assign(values.begin(), values.end());
      state = trainer_state;
    };
  }
  void wait_until_begun() { begun_.get_future().wait(); }
  void let_go() { let_go_.set_value(); }

  std::vector<float> written;
  nlohmann::json state;

 private:
  std::promise<void> begun_, let_go_;
};

TEST(CheckpointWriter, TrainingGoesOnWhileTheDiskIsSlow) {
  HeldDisk disk;
  CheckpointWriter writer(disk.write());
  std::array<float, 3> weights{1, 2, 3};
  const std::array<float, 3> snapshot = weights;
  EXPECT_TRUE(writer.done());
  EXPECT_EQ(writer.unfinished(), std::nullopt);
  writer.start(contents_of(7, snapshot), {{"step", 7}});
  disk.wait_until_begun();
  for (float& weight : weights) weight *= 10;  // the steps after it
  EXPECT_FALSE(writer.done());
  EXPECT_EQ(writer.unfinished(), 7);
  EXPECT_TRUE(disk.written.empty());
  disk.let_go();
  writer.finish();
  EXPECT_THAT(disk.written, ElementsAre(1, 2, 3));
  EXPECT_EQ(disk.state, nlohmann::json({{"step", 7}}));
  EXPECT_EQ(writer.unfinished(), std::nullopt);
}

TEST(CheckpointWriter, AFailureIsThrownOnceAndTheNextIsWritten) {
  int calls = 0;
  CheckpointWriter writer([&](const CheckpointContents& contents, const nlohmann::json&) {
    ++calls;
    if (contents.step == 1) throw Error({.what = "the disk is full"});
  });
  const std::array<float, 1> weights{1};
  writer.start(contents_of(1, weights), {});
  EXPECT_THROW(writer.finish(), Error);
  EXPECT_NO_THROW(writer.finish());
  writer.start(contents_of(2, weights), {});
  EXPECT_NO_THROW(writer.finish());
  EXPECT_EQ(calls, 2);
}

TEST(CheckpointWriter, DroppedWhileItWritesItWritesToTheEnd) {
  std::vector<int64_t> steps;
  const std::array<float, 1> weights{1};
  {
    CheckpointWriter writer(
        [&](const CheckpointContents& contents, const nlohmann::json&) { steps.push_back(contents.step); });
    writer.start(contents_of(3, weights), {});
    EXPECT_THROW(writer.start(contents_of(4, weights), {}), std::logic_error);
  }
  EXPECT_THAT(steps, ElementsAre(3));
}

}  // namespace
}  // namespace cloze
