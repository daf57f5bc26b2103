// A link that is much slower than the others is named in the log, and training goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <memory>

#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/world.h"

namespace cloze::end_to_end {
namespace {

TEST(SlowLink, IsNamedAndTrainingGoesOn) {
  if (CLOZE_SANITIZED) GTEST_SKIP() << "a sanitized program cannot be preloaded into";
  const ScratchFolder scratch;
  const std::string port = std::to_string(32'000 + ::getpid() % 700);
  const auto start = [&](int rank, const std::vector<std::string>& environment) {
    // Gradients of 600 thousand parameters: shares of several pieces.
    Surroundings surroundings{.environment = environment};
    surroundings.environment.insert(
        surroundings.environment.end(),
        {"RANK=" + std::to_string(rank), "WORLD_SIZE=3", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port});
    return std::make_unique<Process>(
        pretrain_call(scratch / "run",
                      {"training.steps=100000", "evaluation.every=100000", "checkpoint.every=0",
                       "log.every=10", "model.hidden_size=128", "model.layers=3"}),
        surroundings);
  };
  const auto zero = start(0, {"LD_PRELOAD=" CLOZE_SLOW_LINK, "SLOW_LINK=4000000"});  // bytes per second
  const auto one = start(1, {}), two = start(2, {});
  zero->wait_for_log("the link from rank 0 (");
  EXPECT_THAT(zero->log(),
              testing::ContainsRegex("to rank 1 \\(.*\\) is slow: .*B/s, the others .*B/s; it cost"));
  EXPECT_FALSE(zero->ends_within(std::chrono::milliseconds(50)));
  zero->send(SIGTERM);
  EXPECT_THAT(zero->wait(), ExitsWith(143));
  EXPECT_THAT(one->wait(), ExitsWith(143));
  EXPECT_THAT(two->wait(), ExitsWith(143));
}

}  // namespace
}  // namespace cloze::end_to_end
