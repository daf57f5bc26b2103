#include "tests/end_to_end/many_processes.h"

#include <gtest/gtest.h>

namespace cloze::end_to_end {

const std::vector<std::string>& fifty_steps() {
  static const std::vector<std::string> settings{
      "training.steps=50",   "batch.sequences=16",       "batch.micro_batch_tokens=128",
      "evaluation.every=25", "evaluation.sequences=192", "checkpoint.every=25",
      "log.examples=0"};
  return settings;
}

std::vector<std::string> and_also(std::vector<std::string> settings, const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

Arguments launch_call(int processes, const std::filesystem::path& output,
                      const std::vector<std::string>& settings, const std::vector<std::string>& flags) {
  Arguments call = pretrain_call(output, settings, flags);
  call.front() = "launch";
  call.insert(call.end(), {"--processes", std::to_string(processes)});
  return call;
}

void expect_close(const std::map<int64_t, double>& losses, const std::map<int64_t, double>& expected) {
  ASSERT_EQ(losses.size(), expected.size());
  for (const auto& [step, loss] : expected)
    EXPECT_NEAR(losses.at(step), loss, 2e-6 * loss) << "step " << step;
}

}  // namespace cloze::end_to_end
