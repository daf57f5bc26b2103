#include "engine/train/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

namespace cloze {
namespace {

using ::testing::HasSubstr;

const ProgressReport sample = {.step = 1200,
                               .total_steps = 1000000,
                               .loss = 2.34567,
                               .learning_rate = 1e-4,
                               .tokens_per_second = 12345,
                               .seconds_per_step = 0.01,
                               .share_of_peak = 0.41};

TEST(Progress, SaysHowFarHowWellAndHowLong) {
  const std::string text = format_progress(sample);
  EXPECT_THAT(text, HasSubstr("step 1,200/1,000,000  loss 2.346  lr 1.00e-04"));
  EXPECT_THAT(text, HasSubstr("12.3 k tokens/s"));
  EXPECT_THAT(text, HasSubstr("41.0 % of peak"));
  EXPECT_THAT(text, HasSubstr("2 h 46 min left"));
}

TEST(Progress, LeavesOutAPeakNobodyKnows) {
  ProgressReport report = sample;
  report.share_of_peak.reset();
  EXPECT_EQ(format_progress(report).find("peak"), std::string::npos);
}

TEST(Progress, ADivergedLossIsShownAsSuch) {
  ProgressReport report = sample;
  report.loss = std::nan("");
  EXPECT_THAT(format_progress(report), HasSubstr("loss nan"));
}

TEST(Progress, PlainLinesForAFile) {
  std::ostringstream output;
  {
    Progress progress(output, ProgressStyle::plain_lines);
    progress.report(sample);
    progress.clear();
    progress.report(sample);
  }
  EXPECT_EQ(output.str(), format_progress(sample) + "\n" + format_progress(sample) + "\n");
}

TEST(Progress, OneRewrittenLineForATerminal) {
  std::ostringstream output;
  {
    Progress progress(output, ProgressStyle::rewritten_line, 30);
    progress.report(sample);
    progress.report(sample);
  }
  const std::string once = "\r\x1b[K" + format_progress(sample).substr(0, 29);
  EXPECT_EQ(output.str(), once + once + "\n");
}

TEST(Progress, AClearedLineLeavesNothing) {
  std::ostringstream output;
  {
    Progress progress(output, ProgressStyle::rewritten_line, 30);
    progress.report(sample);
    progress.clear();
    progress.clear();
  }
  EXPECT_EQ(output.str(), "\r\x1b[K" + format_progress(sample).substr(0, 29) + "\r\x1b[K");
}

TEST(Progress, TheStyleSuitsTheFile) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(progress_style(ends[1]), ProgressStyle::plain_lines);
  ::close(ends[0]);
  ::close(ends[1]);
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "no pseudo-terminal here";
  EXPECT_EQ(progress_style(terminal), ProgressStyle::rewritten_line);
  ::close(terminal);
}

}  // namespace
}  // namespace cloze
