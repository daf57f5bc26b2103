// What steps leave for the next, in checkpoints: under its names, as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/train/model_state.h"
#include "engine/train/state_snapshot.h"
#include "tests/data/test_corpus.h"

namespace cloze::testing {
namespace {

class StateValues : public ::testing::Test {
 protected:
  StateValues() {
    layout_.add("weight", 2, 3);
    state_.add("first", {1, 2});
    state_.add("second", {3, 4, 5});
  }
  std::unique_ptr<Engine> engine() const {
    return make_engine(DeviceKind::cpu, layout_.elements(), {.training = true, .state = state_});
  }
  static std::vector<float> values_of(const Engine& engine) {
    std::vector<float> values(static_cast<size_t>(engine.state().elements()));
    engine.read(Memory::state, 0, std::span(values));
    return values;
  }
  SafetensorsFile file_of(const std::vector<NamedTensor>& tensors) const {
    write_safetensors(folder_ / "optimizer.safetensors", tensors);
    return SafetensorsFile(folder_ / "optimizer.safetensors");
  }

  TemporaryFolder folder_;
  ParameterLayout layout_;
  StateLayout state_;
};

TEST_F(StateValues, BeginWithTheirInitialValues) {
  EXPECT_EQ(values_of(*engine()), (std::vector<float>{1, 2, 3, 4, 5}));
}

TEST_F(StateValues, GoIntoAFileAndBack) {
  const std::vector<float> later{6, 7, 8, 9, 10};
  const auto trained = engine();
  trained->write(Memory::state, 0, later);
  StateSnapshot snapshot(layout_.elements());
  snapshot.take(*trained);
  for (const SavedState& saved :
       {saved_state(*trained, layout_, true), saved_state(snapshot.state(), layout_, state_)}) {
    const SafetensorsFile file = file_of(saved.optimizer);
    EXPECT_EQ(file.values_of("state/second"), (std::vector<float>{8, 9, 10}));
    const auto resumed = engine();
    load_state_values(*resumed, file);
    EXPECT_EQ(values_of(*resumed), later);
  }
  EXPECT_TRUE(saved_state(*trained, layout_, false).optimizer.empty()) << "a model is saved without them";
}

// A run that did without them has none; what has some is no checkpoint of this run.
TEST_F(StateValues, AreAllThereOrNone) {
  const std::vector<float> one{6, 7};
  const auto resumed = engine();
  load_state_values(*resumed, file_of({{"other", {2}, one}}));
  EXPECT_EQ(values_of(*resumed), (std::vector<float>{1, 2, 3, 4, 5}));
  for (const char* name : {"state/first", "state/second"}) {
    try {
      load_state_values(*resumed, file_of({{name, {2}, one}}));
      ADD_FAILURE() << name << " alone was taken";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("state/second"));
    }
    EXPECT_EQ(values_of(*resumed), (std::vector<float>{1, 2, 3, 4, 5}));
  }
}

}  // namespace
}  // namespace cloze::testing
