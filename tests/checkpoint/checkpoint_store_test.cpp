#include "engine/checkpoint/checkpoint_store.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint_files.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::logged;
using testing::SampleCheckpoint;

class CheckpointStoreTest : public ::testing::Test {
 protected:
  void save(CheckpointStore& store, int64_t step, std::optional<double> loss = {}) {
    SampleCheckpoint sample(step);
    if (loss) sample.contents.score = {{"loss", *loss}};
    store.save(sample.contents, nlohmann::json::object());
  }
  void damage(int64_t step) {
    std::ofstream(run_ / "checkpoints" / ("step-" + std::to_string(step)) / weights_file, std::ios::app)
        << "x";
  }
  fs::path target(const char* link) { return fs::read_symlink(run_ / link); }
  static int64_t step_of(const std::optional<Checkpoint>& checkpoint) { return checkpoint->manifest()->step; }

  testing::TemporaryFolder run_;
};

TEST_F(CheckpointStoreTest, AnEmptyRunHasNone) {
  const CheckpointStore store(run_.path());
  EXPECT_FALSE(store.latest().has_value());
  EXPECT_TRUE(store.steps().empty());
  EXPECT_FALSE(store.best_step().has_value());
}

TEST_F(CheckpointStoreTest, TheLatestIsFoundAndLinked) {
  CheckpointStore store(run_.path());
  for (const int64_t step : {5, 20, 100}) save(store, step);
  EXPECT_EQ(step_of(store.latest()), 100);
  EXPECT_THAT(store.steps(), ElementsAre(5, 20, 100));
  EXPECT_EQ(target("latest"), "checkpoints/step-100");
  EXPECT_EQ(Checkpoint(run_ / "latest").manifest()->step, 100);
}

TEST_F(CheckpointStoreTest, OnlyTheLastOnesStay) {
  CheckpointStore store(run_.path(), {.keep_last = 2});
  for (const int64_t step : {1, 2, 3, 10}) save(store, step);
  EXPECT_THAT(store.steps(), ElementsAre(3, 10));
  EXPECT_EQ(std::distance(fs::directory_iterator(run_ / "checkpoints"), {}), 2);
  EXPECT_THAT(error_of([&] { CheckpointStore(run_.path(), {.keep_last = 0}); }), HasSubstr("at least one"));
}

TEST_F(CheckpointStoreTest, TheBestStaysToo) {
  CheckpointStore store(run_.path(), {.keep_last = 1, .best = BestBy{"loss", Better::lower}});
  save(store, 1, 0.5);
  save(store, 2, 0.25);
  save(store, 3, 0.75);
  save(store, 4);
  save(store, 5, 0.25);  // equal: the first stays the best
  EXPECT_THAT(store.steps(), ElementsAre(2, 5));
  EXPECT_EQ(target("best"), "checkpoints/step-2");
  save(store, 6, 0.125);
  EXPECT_THAT(store.steps(), ElementsAre(6));
}

TEST_F(CheckpointStoreTest, TheBestMayBeTheHighest) {
  CheckpointStore store(run_.path(), {.keep_last = 3, .best = BestBy{"loss", Better::higher}});
  save(store, 1, 0.5);
  save(store, 2, 0.75);
  save(store, 3, 0.25);
  EXPECT_EQ(store.best_step(), 2);
  const CheckpointStore by_other(run_.path(), {.best = BestBy{"accuracy", Better::higher}});
  EXPECT_FALSE(by_other.best_step().has_value());
}

TEST_F(CheckpointStoreTest, ADamagedOneIsPassedOverWithAMessage) {
  CheckpointStore store(run_.path());
  for (const int64_t step : {1, 2, 3}) save(store, step);
  damage(3);
  const std::string log = logged([&] { EXPECT_EQ(step_of(store.latest()), 2); });
  EXPECT_THAT(log, HasSubstr("checkpoint of step 3 passed over"));
  EXPECT_THAT(log, HasSubstr(weights_file));
  EXPECT_EQ(open_model(run_.path()).manifest()->step, 2);
  fs::remove(run_ / "checkpoints/step-2" / trainer_state_file);
  EXPECT_EQ(step_of(store.latest()), 1);
  damage(1);
  EXPECT_THAT(error_of([&] { store.latest(); }), HasSubstr("all 3 are damaged"));
}

TEST_F(CheckpointStoreTest, WithoutTheLinkScanningFindsTheLatest) {
  CheckpointStore store(run_.path());
  for (const int64_t step : {1, 2}) save(store, step);
  fs::remove(run_ / "latest");
  EXPECT_EQ(step_of(store.latest()), 2);
  fs::create_symlink("checkpoints/step-77", run_ / "latest");
  EXPECT_EQ(step_of(store.latest()), 2);
}

TEST_F(CheckpointStoreTest, ALinkSetByHandGoesBackInTime) {
  CheckpointStore store(run_.path(), {.keep_last = 1});
  CheckpointStore generous(run_.path());
  for (const int64_t step : {1, 2, 3}) save(generous, step);
  fs::remove(run_ / "latest");
  fs::create_symlink("checkpoints/step-1", run_ / "latest");
  EXPECT_EQ(step_of(store.latest()), 1);
  const std::string log = logged([&] { store.set_aside_after(1); });
  EXPECT_THAT(log, HasSubstr("step-3.set-aside"));
  EXPECT_THAT(store.steps(), ElementsAre(1));
  save(store, 2);
  EXPECT_THAT(store.steps(), ElementsAre(2));
  EXPECT_TRUE(fs::exists(run_ / "checkpoints/step-3.set-aside" / weights_file));
}

TEST_F(CheckpointStoreTest, TheOneJustWrittenIsNeverSurplus) {
  CheckpointStore store(run_.path(), {.keep_last = 1});
  save(store, 10);
  save(store, 5);  // without set_aside_after
  EXPECT_THAT(store.steps(), ElementsAre(5, 10));
  EXPECT_EQ(step_of(store.latest()), 5);
}

TEST_F(CheckpointStoreTest, HalfWrittenOnesAreRemovedAndNothingElse) {
  CheckpointStore store(run_.path());
  save(store, 1);
  fs::create_directories(run_ / "checkpoints/step-2.partial-123");
  write_file(run_ / "checkpoints/step-2.partial-123/config.json", "{");
  write_file(run_ / "latest.99.partial", "");
  for (const char* name : {"notes.partial", "checkpoints/step-2.partial-x", "checkpoints/other.partial-5"}) {
    write_file(run_ / name, "");
  }
  EXPECT_THAT(store.steps(), ElementsAre(1));
  store.remove_partial();
  EXPECT_FALSE(fs::exists(run_ / "checkpoints/step-2.partial-123"));
  EXPECT_FALSE(fs::exists(run_ / "latest.99.partial"));
  for (const char* name : {"notes.partial", "checkpoints/step-2.partial-x", "checkpoints/other.partial-5"}) {
    EXPECT_TRUE(fs::exists(run_ / name)) << name;
  }
  EXPECT_EQ(step_of(store.latest()), 1);
}

TEST_F(CheckpointStoreTest, OtherNamesAreNotSteps) {
  CheckpointStore store(run_.path());
  save(store, 3);
  for (const char* name : {"step-", "step-03", "step--1", "step-1x", "step-99999999999999999999", "STEP-4"}) {
    fs::create_directories(run_ / "checkpoints" / name);
  }
  write_file(run_ / "checkpoints/step-9", "a file");
  EXPECT_THAT(store.steps(), ElementsAre(3));
}

TEST_F(CheckpointStoreTest, AModelIsARunOrACheckpoint) {
  CheckpointStore store(run_.path());
  fs::create_directories(run_ / "checkpoints");
  EXPECT_THAT(error_of([&] { open_model(run_.path()); }), HasSubstr("no checkpoint yet"));
  for (const int64_t step : {1, 2}) save(store, step);
  EXPECT_EQ(open_model(run_.path()).manifest()->step, 2);
  EXPECT_EQ(open_model(run_ / "checkpoints/step-1").manifest()->step, 1);
  EXPECT_EQ(open_model(run_ / "latest").manifest()->step, 2);
}

}  // namespace
}  // namespace cloze
