#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <csignal>

#include "engine/train/metric_sink_json.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;

class MetricSinkTest : public ::testing::Test {
 protected:
  static MetricRecord record(int64_t step, double loss = 2.5) {
    return {.step = step,
            .split = "train",
            .wall_time = 1700000000.25,
            .values = {{"loss", loss}, {"accuracy", 0.5}}};
  }
  std::string text() const { return read_file(path_); }
  const testing::TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "metrics.jsonl";
};

constexpr const char* line_of_step_one =
    "{\"step\":1,\"split\":\"train\",\"time\":1700000000.25,\"loss\":2.5,\"accuracy\":0.5}\n";

TEST_F(MetricSinkTest, ALineIsThereWhenWriteReturns) {
  JsonMetricSink sink(path_);
  sink.write(record(1));
  EXPECT_EQ(text(), line_of_step_one);
}

TEST_F(MetricSinkTest, AppendsToWhatIsThere) {
  for (int i = 0; i < 2; ++i) JsonMetricSink(path_).write(record(1));
  EXPECT_EQ(text(), std::string(line_of_step_one) + line_of_step_one);
}

TEST_F(MetricSinkTest, ValuesThatAreNotFiniteAreNull) {
  JsonMetricSink(path_).write(record(1, std::nan("")));
  EXPECT_THAT(text(), HasSubstr("\"loss\":null"));
}

TEST_F(MetricSinkTest, ResumingCutsLaterRecords) {
  {
    JsonMetricSink sink(path_);
    for (const int64_t step : {1, 10, 20, 30}) sink.write(record(step));
  }
  cut_metrics_after(path_, 10);
  const std::string left = text();
  EXPECT_THAT(left, HasSubstr("{\"step\":10,"));
  EXPECT_EQ(left.find("{\"step\":20,"), std::string::npos);
  EXPECT_EQ(std::count(left.begin(), left.end(), '\n'), 2);
}

TEST_F(MetricSinkTest, ResumingTakesOutHalfLines) {
  write_file(path_, std::string(line_of_step_one) + "{\"step\":2,\"spl");
  cut_metrics_after(path_, 10);
  EXPECT_EQ(text(), line_of_step_one);
  // whole but for its line end: what comes next would be glued to it
  write_file(path_, std::string(line_of_step_one) + "{\"step\":2}");
  cut_metrics_after(path_, 10);
  EXPECT_EQ(text(), line_of_step_one);
}

TEST_F(MetricSinkTest, NothingToCutIsNoTouch) {
  cut_metrics_after(path_, 0);
  EXPECT_FALSE(std::filesystem::exists(path_));
  write_file(path_, line_of_step_one);
  const auto before = std::filesystem::last_write_time(path_);
  cut_metrics_after(path_, 1);
  EXPECT_EQ(std::filesystem::last_write_time(path_), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

// A file-size limit stands for a full disk; in a child, as it cannot be taken back.
TEST_F(MetricSinkTest, AFullDiskLeavesWholeLinesOnly) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {120, 120};  // one line and a half
    ::setrlimit(RLIMIT_FSIZE, &limit);
    JsonMetricSink sink(path_);
    sink.write(record(1));
    try {
      sink.write(record(2));
    } catch (const Error&) {
      ::_exit(0);
    }
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(text(), line_of_step_one);
}

}  // namespace
}  // namespace cloze
