#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/observe/profile_text.h"
#include "engine/observe/roofline.h"
#include "engine/observe/tiny_training.h"
#include "tests/observe/made_up_profile.h"

namespace cloze {
namespace {

using cloze::testing::made_up_profile;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProfileRows, AddUpLaunchesOfAnOpPerStep) {
  const std::vector<ProfileRow> rows = profile_rows(made_up_profile(), GroupBy::op);
  ASSERT_EQ(rows.size(), 4u);
  const ProfileRow& linear = rows[0];
  EXPECT_EQ(linear.name, "linear");
  EXPECT_EQ(linear.work, Work::matmul);
  EXPECT_DOUBLE_EQ(linear.launches, 1);
  EXPECT_NEAR(linear.seconds, 6e-3, 1e-9);
  EXPECT_DOUBLE_EQ(linear.flops, 2.0 * 50 * 10 * 30);
  EXPECT_DOUBLE_EQ(linear.bytes, 4.0 * (50 * 10 + 30 * 10 + 50 * 30));
  EXPECT_NEAR(linear.flops_per_second(), 30000 / 6e-3, 1);
  EXPECT_EQ(rows[1].name, "activation");
  EXPECT_EQ(rows[1].work, Work::other);
  EXPECT_DOUBLE_EQ(rows[1].flops, 8.0 * 50 * 30);
}

TEST(ProfileRows, OfLayersCoverTheirParts) {
  const std::vector<ProfileRow> rows = profile_rows(made_up_profile(), GroupBy::layer);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].name, "encoder.layer.0");
  EXPECT_NEAR(rows[0].seconds, 9e-3, 1e-9);
  EXPECT_DOUBLE_EQ(rows[0].launches, 2);
  EXPECT_EQ(total_of(rows, "all").launches, 4);
}

TEST(ProfileRows, OfLaunchesKeepTheirOrder) {
  const std::vector<ProfileRow> rows = profile_rows(made_up_profile(), GroupBy::launch);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[0].name, HasSubstr("linear, forward of encoder.layer.0.attention"));
  EXPECT_THAT(rows[2].name, HasSubstr("attention, backward of encoder.layer.1.attention"));
  EXPECT_EQ(rows[2].work, Work::attention);
}

TEST(StepTimes, PartTheStep) {
  const StepTimes times = step_times(made_up_profile());
  EXPECT_NEAR(times.launches, 12e-3, 1e-9);
  EXPECT_NEAR(times.inputs, 1e-3, 1e-9);
  EXPECT_NEAR(times.rest, 1e-3, 1e-9);
  EXPECT_NEAR(times.step, 14e-3, 1e-9);
  EXPECT_NEAR(times.waiting, 0.5e-3, 1e-9);
}

TEST(ProfileTable, ShowsSharesOfCeilingsAndTotals) {
  const std::string table = profile_table(made_up_profile(), GroupBy::op);
  EXPECT_THAT(table, HasSubstr("dense layers (matmul)"));
  EXPECT_THAT(table, HasSubstr("outside matrix products"));
  EXPECT_THAT(table, HasSubstr("500.0 %"));  // 5 MFLOP/s of 1
  EXPECT_THAT(table, HasSubstr("42.9 %"));   // 6 of 14 ms
  EXPECT_THAT(table, HasSubstr("2 steps of 50 tokens on average"));
}

TEST(ProfileTable, DoubtsACeilingThatDenseLayersExceed) {
  Profile profile = made_up_profile();
  EXPECT_THAT(profile_table(profile, GroupBy::op), HasSubstr("measured too low"));
  profile.ceilings.matmul_flops = 1e7;
  EXPECT_THAT(profile_table(profile, GroupBy::op), Not(HasSubstr("measured too low")));
}

TEST(ProfileJson, HoldsAllTables) {
  const auto document = nlohmann::json::parse(profile_json(made_up_profile()));
  EXPECT_EQ(document.at("ops").size(), 4u);
  EXPECT_EQ(document.at("layers").size(), 3u);
  EXPECT_EQ(document.at("launches").size(), 4u);
  EXPECT_EQ(document.at("steps").at(0).at("tokens"), 50);
  double share = 0;
  for (const auto& row : document.at("ops")) share += row.at("share").get<double>();
  EXPECT_NEAR(share, 12.0 / 14, 1e-9);
}

// A viewer nests spans of a thread by their times: two may touch or contain each other, not overlap.
TEST(ProfileTrace, SpansNest) {
  const auto document = nlohmann::json::parse(profile_trace(made_up_profile()));
  struct Span {
    std::string name;
    double begin, end;
  };
  std::vector<Span> spans;
  for (const auto& event : document.at("traceEvents")) {
    if (event.at("ph") != "X") continue;
    const double begin = event.at("ts");
    spans.push_back({event.at("name"), begin, begin + event.at("dur").get<double>()});
  }
  const double nothing = 1e-6;
  for (const Span& a : spans) {
    for (const Span& b : spans) {
      const bool apart = a.end <= b.begin + nothing || b.end <= a.begin + nothing;
      const bool a_in_b = a.begin >= b.begin - nothing && a.end <= b.end + nothing;
      const bool b_in_a = b.begin >= a.begin - nothing && b.end <= a.end + nothing;
      EXPECT_TRUE(apart || a_in_b || b_in_a) << a.name << " and " << b.name;
    }
  }
  std::set<std::string> names;
  for (const Span& span : spans) names.insert(span.name);
  for (const char* name : {"step 1", "micro-batch", "forward", "backward", "encoder.layer.0", "linear"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Roofline, HasAPointForEveryOpThatComputes) {
  const Profile profile = made_up_profile();
  const std::string svg = roofline_svg(profile_rows(profile, GroupBy::op), profile.ceilings, profile.title);
  EXPECT_THAT(svg, HasSubstr("a &lt;made-up&gt; profile"));
  EXPECT_THAT(svg, HasSubstr("linear 50.0 %"));
  EXPECT_THAT(svg, HasSubstr("matrix products: 1.0 MFLOP/s"));
  EXPECT_THAT(svg, HasSubstr("they compute nothing: gather_rows"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

// The same bits as an ordinary run, and a time for every node.
TEST(RunTimed, ComputesWhatRunComputes) {
  TinyTraining plain(DeviceKind::cpu), timed(DeviceKind::cpu);
  std::vector<LaunchTime> times;
  for (int i = 0; i < 3; ++i) {
    const TinyTraining::Step a = plain.step(), b = timed.step(&times);
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.gradient_norm, b.gradient_norm);
    ASSERT_GT(times.size(), 50u);
    for (size_t n = 0; n < times.size(); ++n) {
      EXPECT_LE(times[n].begin, times[n].end);
      EXPECT_LE(n > 0 ? times[n - 1].end : 0, times[n].begin);
    }
  }
}

}  // namespace
}  // namespace cloze
