#include "engine/tasks/feature_output.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace cloze {
namespace {

TEST(FeatureLine, IsCutAtTheLastSeparator) {
  EXPECT_EQ(split_feature_line("a b ||| c"), (FeatureTexts{"a b", "c"}));
  EXPECT_EQ(split_feature_line("a ||| b ||| c"), (FeatureTexts{"a ||| b", "c"}));
  EXPECT_EQ(split_feature_line("\u3000 a ||| b \r\n"), (FeatureTexts{"a", "b"}));
}

TEST(FeatureLine, WithoutASeparatorIsOneText) {
  EXPECT_EQ(split_feature_line("a|||b"), (FeatureTexts{"a|||b", std::nullopt}));
  EXPECT_EQ(split_feature_line("a ||| "), (FeatureTexts{"a |||", std::nullopt}));
  EXPECT_EQ(split_feature_line(" ||| b"), (FeatureTexts{"||| b", std::nullopt}));
  EXPECT_EQ(split_feature_line(" \n"), (FeatureTexts{"", std::nullopt}));
}

// What json.dumps makes of extract_features.py's record, values rounded as round(float(x), 6) does.
TEST(FeatureLine, IsWrittenAsPythonWritesIt) {
  const std::array<std::string_view, 3> tokens = {"[CLS]", "caf\u00e9", "[SEP]"};
  const std::vector<float> last = {0.1f, -1.0f, 0.0078125f, 1e-7f, -1e-9f, 1234.56789f};
  const std::vector<float> first = {1.5e-5f, 0, 2, 3, 1e10f, -0.25f};
  const std::array<FeatureLayer, 2> layers = {FeatureLayer{-1, last}, FeatureLayer{0, first}};
  EXPECT_EQ(feature_line(7, tokens, layers),
            R"({"linex_index": 7, "features": [)"
            R"({"token": "[CLS]", "layers": [{"index": -1, "values": [0.1, -1.0]}, )"
            R"({"index": 0, "values": [1.5e-05, 0.0]}]}, )"
            R"({"token": "caf\u00e9", "layers": [{"index": -1, "values": [0.007812, 0.0]}, )"
            R"({"index": 0, "values": [2.0, 3.0]}]}, )"
            R"({"token": "[SEP]", "layers": [{"index": -1, "values": [-0.0, 1234.567871]}, )"
            R"({"index": 0, "values": [10000000000.0, -0.25]}]}]})"
            "\n");
}

TEST(FeatureLine, NeedsARowForEachToken) {
  const std::array<std::string_view, 2> tokens = {"[CLS]", "[SEP]"};
  const std::vector<float> values(3);
  const std::array<FeatureLayer, 1> layers = {FeatureLayer{-1, values}};
  EXPECT_THROW(feature_line(0, tokens, layers), std::logic_error);
}

}  // namespace
}  // namespace cloze
