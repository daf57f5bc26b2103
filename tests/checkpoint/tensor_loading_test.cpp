#include "engine/checkpoint/tensor_loading.h"

#include <gmock/gmock.h>

#include "engine/checkpoint/safetensors.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

class TensorLoading : public ::testing::Test {
 protected:
  TensorLoading() {
    write_safetensors(folder_ / "m", std::vector<NamedTensor>{
                                         {"a", {2}, values_}, {"b", {2, 1}, values_}, {"c", {2}, values_}});
  }
  const std::vector<float> values_ = {3, 4};
  TemporaryFolder folder_;
};

TEST_F(TensorLoading, FillsWhatFitsAndReportsTheRest) {
  std::vector<float> a(2), b(2, -1), d(2, -1);
  const TensorTarget targets[] = {{"a", {2}, a}, {"b", {2}, b}, {"d", {2}, d}};
  const LoadReport report = load_tensors(SafetensorsFile(folder_ / "m"), targets);
  EXPECT_EQ(a, values_);
  EXPECT_EQ(b, std::vector<float>(2, -1));
  EXPECT_EQ(d, std::vector<float>(2, -1));
  EXPECT_THAT(report.loaded, ElementsAre("a"));
  EXPECT_THAT(report.missing, ElementsAre("d"));
  EXPECT_THAT(report.unexpected, ElementsAre("c"));
  ASSERT_EQ(report.mismatched.size(), 1u);
  EXPECT_EQ(report.mismatched[0].name, "b");
  const std::string text = to_string(report);
  EXPECT_THAT(text, HasSubstr("loaded 1 of 3 tensors"));
  EXPECT_THAT(text, HasSubstr("1 missing: d"));
  EXPECT_THAT(text, HasSubstr("1 of another shape: b (wanted [2], found [2, 1])"));
  EXPECT_THAT(text, HasSubstr("1 not used: c"));
  EXPECT_THAT(error_of([&] { require_complete(report); }), HasSubstr("1 missing: d; 1 of another shape: b"));
}

TEST_F(TensorLoading, UnexpectedTensorsAloneAreNoError) {
  std::vector<float> a(2);
  const TensorTarget targets[] = {{"a", {2}, a}};
  EXPECT_NO_THROW(require_complete(load_tensors(SafetensorsFile(folder_ / "m"), targets)));
}

TEST_F(TensorLoading, LongListsAreCut) {
  std::vector<TensorTarget> targets;
  for (int i = 0; i < 30; ++i) targets.push_back({"missing" + std::to_string(i), {0}, {}});
  EXPECT_THAT(to_string(load_tensors(SafetensorsFile(folder_ / "m"), targets)),
              HasSubstr("missing7, and 22 more"));
}

}  // namespace
}  // namespace cloze
