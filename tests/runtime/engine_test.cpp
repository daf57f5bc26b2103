#include "engine/runtime/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "engine/base/error.h"

namespace cloze {
namespace {

TEST(Engine, FlatBuffersStartAtZeroAndKeepWhatIsWritten) {
  for (const DeviceKind kind : {DeviceKind::cpu, DeviceKind::reference}) {
    const std::unique_ptr<Engine> engine = make_engine(kind, 100, {.training = true});
    EXPECT_EQ(engine->kind(), kind);
    const std::vector<float> written = {1.5f, -2, 3};
    engine->write(Memory::first_moment, 97, written);
    std::vector<float> all(100);
    engine->read(Memory::first_moment, 0, std::span<float>(all));
    EXPECT_THAT(std::vector<float>(all.begin(), all.begin() + 97), ::testing::Each(0.0f));
    EXPECT_EQ(std::vector<float>(all.begin() + 97, all.end()), written);
    std::vector<double> wide(3);
    engine->read(Memory::first_moment, 97, std::span<double>(wide));
    EXPECT_THAT(wide, ::testing::ElementsAre(1.5, -2, 3));
  }
}

TEST(Engine, OnlyFloatBuffersOfTheHostCanBeViewed) {
  EXPECT_EQ(make_engine(DeviceKind::cpu, 8)->view(Memory::parameters).size(), 8u);
  EXPECT_TRUE(make_engine(DeviceKind::reference, 8)->view(Memory::parameters).empty());
}

#ifndef CLOZE_HAS_CUDA
TEST(Engine, WithoutCudaSaysSo) {
  try {
    make_engine(DeviceKind::cuda, 8);
    FAIL() << "a GPU in a build without CUDA";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("no GPU to compute on"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("built without CUDA"));
  }
}
#endif

}  // namespace
}  // namespace cloze
