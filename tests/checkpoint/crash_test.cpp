// A writer killed at any moment: the latest checkpoint always loads, and none that was finished is lost.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/checkpoint/checkpoint_store.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::SampleCheckpoint;

constexpr Retention retention = {.keep_last = 1};

// Saves checkpoint after checkpoint, and every second one twice (an exchange); tells each finished step to
// `reports`.
[[noreturn]] void write_until_killed(const std::filesystem::path& run, int64_t first_step, int reports) {
  CheckpointStore store(run, retention);
  for (int64_t step = first_step;; ++step) {
    const SampleCheckpoint sample(step, /*scale=*/200);
    for (int64_t times = 0; times <= step % 2; ++times) store.save(sample.contents, {{"step", step}});
    if (::write(reports, &step, sizeof(step)) != sizeof(step)) ::_exit(1);
  }
}

int64_t last_reported(int reports, int64_t before) {
  int64_t step = before;
  while (::read(reports, &step, sizeof(step)) == sizeof(step)) {
  }
  return step;
}

TEST(Crash, TheLatestCheckpointAlwaysLoads) {
  const testing::TemporaryFolder run;
  int64_t reached = 0;
  for (int round = 0; round < 40; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t writer = ::fork();
    if (writer == 0) write_until_killed(run.path(), reached + 1, pipe_ends[1]);
    ::close(pipe_ends[1]);
    std::this_thread::sleep_for(std::chrono::microseconds(2000 + round * 1731));
    ::kill(writer, SIGKILL);
    int status = 0;
    ::waitpid(writer, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself: " << status;
    const int64_t finished = last_reported(pipe_ends[0], reached);
    ::close(pipe_ends[0]);

    CheckpointStore store(run.path(), retention);
    store.remove_partial();
    const std::optional<Checkpoint> latest = store.latest();
    ASSERT_TRUE(latest.has_value() || finished == 0) << "round " << round;
    if (!latest) continue;
    reached = latest->manifest()->step;
    EXPECT_GE(reached, finished);
    EXPECT_EQ(latest->trainer_state()["step"], reached);
    EXPECT_EQ(latest->parameters().values_of("bert.pooler.dense.bias")[0],
              static_cast<float>(reached * 1000) + 0.5f);
    for (const auto& entry : std::filesystem::directory_iterator(run / "checkpoints")) {
      EXPECT_EQ(entry.path().filename().string().find("partial"), std::string::npos) << entry.path();
    }
    store.set_aside_after(reached);
  }
  EXPECT_GT(reached, 0);
}

}  // namespace
}  // namespace cloze
