#include "engine/parallel/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

namespace cloze::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// A rank as it comes over the control channel; gives the coordinator's first answer.
nlohmann::json answer_to(int port, int rank, const std::string& fingerprint) {
  Connecting connecting = connect_to({"127.0.0.1", port}, 5s);
  EXPECT_TRUE(bool(connecting.socket)) << connecting.trouble;
  LineConnection connection(std::move(connecting.socket));
  connection.write(nlohmann::json{
      {"type", "hello"},
      {"job", "a job"},
      {"rank", rank},
      {"size", 2},
      {"fingerprint", fingerprint},
      {"host", "node7"},
      {"process",
       4711}}.dump());
  for (const auto until = std::chrono::steady_clock::now() + 10s;
       std::chrono::steady_clock::now() < until && connection.open();) {
    connection.receive();
    if (const auto line = connection.next()) return nlohmann::json::parse(*line);
    std::this_thread::sleep_for(1ms);
  }
  return {};
}

// Rank 0 may well come second to the process that serves it.
TEST(Coordinator, TellsARankThatComesLaterWhyTheJobIsOver) {
  const Coordinator coordinator(listen_on("127.0.0.1", 0), {"a job", "as rank 0", 2}, {.start = 60s});
  const nlohmann::json one = answer_to(coordinator.port(), 1, "otherwise");
  EXPECT_EQ(one.value("type", ""), "refused");
  EXPECT_EQ(one.value("final", false), true);
  EXPECT_THAT(one.value("why", ""), HasSubstr("rank 1 (host node7, process 4711) runs with another config"));
  const nlohmann::json zero = answer_to(coordinator.port(), 0, "as rank 0");
  EXPECT_EQ(zero.value("type", ""), "over");
  EXPECT_EQ(zero.value("why", ""), one.value("why", "none"));
}

TEST(Coordinator, LetsProcessesOfAnotherJobTryAgain) {
  const Coordinator coordinator(listen_on("127.0.0.1", 0), {"another job", "as rank 0", 2}, {.start = 60s});
  const nlohmann::json answer = answer_to(coordinator.port(), 1, "as rank 0");
  EXPECT_EQ(answer.value("type", ""), "refused");
  EXPECT_EQ(answer.value("final", true), false);
}

}  // namespace
}  // namespace cloze::testing
