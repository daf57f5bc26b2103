#include "engine/observe/bench.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/error.h"

namespace cloze {
namespace {

using ::testing::HasSubstr;

TEST(Bench, HasACaseOfEveryKernelFamily) {
  std::set<std::string> groups, names;
  for (const BenchCase& bench : bench_cases()) {
    groups.insert(bench.group);
    EXPECT_TRUE(names.insert(bench.name + bench.shape).second) << bench.name << " " << bench.shape;
    EXPECT_EQ(bench.ceiling == BenchCeiling::library, bench.make_library != nullptr) << bench.name;
  }
  EXPECT_EQ(groups, (std::set<std::string>{"attention", "cross_entropy", "embedding", "gelu", "layer_norm",
                                           "matmul", "optimizer"}));
}

TEST(Bench, RefusesWhatItDoesNotKnow) {
  try {
    run_bench({"layer_norm", "matmull"}, 0);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("`matmull` is no benchmark"));
    EXPECT_THAT(error.what(), HasSubstr("cross_entropy"));
  }
}

TEST(Bench, MeasuresAKernelBesideItsCeiling) {
  const BenchReport report = run_bench({"cross_entropy"}, 0);
  ASSERT_EQ(report.results.size(), 1u);
  const BenchResult& result = report.results[0];
  EXPECT_EQ(result.work, 3.0 * 4 * 640 * 30592);
  EXPECT_GT(result.ratio(), 0);
  EXPECT_DOUBLE_EQ(result.ceiling_seconds, result.work / report.ceilings.copy_bytes);
  EXPECT_THAT(bench_text(report), HasSubstr("cross_entropy"));
  const auto document = nlohmann::json::parse(bench_json(report));
  EXPECT_EQ(document.at("results").at(0).at("unit"), "B/s");
}

// The library is called with the kernel's own shapes: both compute the same number of products.
TEST(Bench, ComparesDenseLayersWithProductsOfTheirShape) {
  int compared = 0;
  for (const BenchCase& bench : bench_cases()) {
    if (bench.group != "matmul" || bench.shape != "mini: 4096 rows, 256 to 256") continue;
    const BenchRun library = bench.make_library();
    EXPECT_EQ(bench.make().work, library.work) << bench.name;
    EXPECT_NO_THROW(library.run()) << bench.name;
    ++compared;
  }
  EXPECT_EQ(compared, 3);
}

}  // namespace
}  // namespace cloze
