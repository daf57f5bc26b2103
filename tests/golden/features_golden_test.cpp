#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/tasks/feature_extraction.h"
#include "engine/train/model_state.h"
#include "tests/golden/golden_model.h"

// The lines of `cloze features` against what transformers makes of the same texts in float64
// (tests/golden/features/make_features.py).
namespace cloze {
namespace {

namespace fs = std::filesystem;

const fs::path features = fs::path(CLOZE_SOURCE_DIR) / "tests/golden/features";
const fs::path model = fs::path(CLOZE_SOURCE_DIR) / "../shared/data/checkpoints/huggingface-tiny";

std::vector<nlohmann::json> extracted(const FeatureOptions& options) {
  const Checkpoint checkpoint = open_model(model);
  const BertConfig& config = checkpoint.config().bert;
  const ParameterLayout layout =
      bert_parameters(config, {.pooler = false, .masked_language = false, .next_sentence = false});
  const auto engine = make_engine(DeviceKind::cpu, layout.elements());
  require_complete(load_parameters(*engine, layout, checkpoint.parameters()));
  const auto tokenizer =
      std::make_shared<const Tokenizer>(checkpoint.tokenizer().vocabulary, checkpoint.tokenizer().options);
  std::istringstream lines(read_file(features / "lines.txt"));
  std::string line;
  std::vector<nlohmann::json> found;
  FeatureExtraction(config, layout, *engine, tokenizer, options)
      .run(
          [&](std::string_view& next) {
            const bool more = static_cast<bool>(std::getline(lines, line));
            next = line;
            return more;
          },
          [&](std::string_view written) { found.push_back(nlohmann::json::parse(written)); });
  return found;
}

// The largest difference of one layer from the golden values, over all tokens of all lines.
double largest_error(const std::vector<nlohmann::json>& lines, size_t asked,
                     const std::vector<double>& expected) {
  double largest = 0;
  size_t at = 0;
  for (const nlohmann::json& line : lines) {
    for (const nlohmann::json& token : line["features"]) {
      for (const double value : token["layers"][asked]["values"]) {
        largest = std::max(largest, std::abs(value - expected.at(at++)));
      }
    }
  }
  EXPECT_EQ(at, expected.size());
  return largest;
}

class FeaturesOfAPublishedModel : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(model)) GTEST_SKIP() << model << " is not there";
  }
};

TEST_F(FeaturesOfAPublishedModel, AreHuggingFaces) {
  constexpr double rounding = 0.5e-6;  // six decimals are written
  const auto golden = read_doubles(features / "values.safetensors");
  const auto errors = read_errors(features / "errors.json", "features");
  const auto lines = extracted({.layers = {-1, 0}, .max_length = 16, .batch_tokens = 40});
  const std::vector<std::string> tensors{"hidden.2", "hidden.1"};
  for (size_t asked = 0; asked < tensors.size(); ++asked) {
    const PeerError& error = errors.at(tensors[asked]);
    EXPECT_LE(largest_error(lines, asked, golden.at("features." + tensors[asked])),
              2 * error.float32_error + 1e-7 * error.norm + rounding)
        << tensors[asked];
  }
}

TEST_F(FeaturesOfAPublishedModel, NameThePiecesOfEveryLineInOrder) {
  const auto lines = extracted({.layers = {1, 1}, .max_length = 16, .batch_tokens = 40});
  const nlohmann::json expected = read_json(features / "tokens.json");
  ASSERT_EQ(lines.size(), expected.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["linex_index"], i);
    nlohmann::json tokens = nlohmann::json::array();
    for (const nlohmann::json& feature : lines[i]["features"]) {
      tokens.push_back(feature["token"]);
      EXPECT_EQ(feature["layers"].size(), 2u);
      EXPECT_EQ(feature["layers"][0], feature["layers"][1]);
    }
    EXPECT_EQ(tokens, expected[i]);
  }
}

}  // namespace
}  // namespace cloze
