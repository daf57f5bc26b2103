#include "engine/tasks/feature_extraction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/error.h"
#include "engine/tasks/feature_graph.h"
#include "kernels/common/parallel.h"
#include "tests/tasks/small_pretraining.h"

namespace cloze::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

std::shared_ptr<const Tokenizer> tokenizer_of(int32_t size) {
  std::vector<std::string> pieces{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  while (static_cast<int32_t>(pieces.size()) < size) pieces.push_back("w" + std::to_string(pieces.size()));
  return std::make_shared<const Tokenizer>(std::make_shared<const Vocabulary>(std::move(pieces), "pieces"),
                                           TokenizerOptions{});
}

// The small model and the lines it writes.
struct Extracted {
  BertConfig config = small_config();
  SmallModel model{DeviceKind::cpu, config};

  std::vector<std::string> lines(const FeatureOptions& options, const std::vector<std::string>& texts) {
    FeatureExtraction extraction(config, model.layout(), model.engine(),
                                 tokenizer_of(static_cast<int32_t>(config.vocabulary_size)), options);
    size_t at = 0;
    std::vector<std::string> written;
    counts = extraction.run(
        [&](std::string_view& line) {
          if (at == texts.size()) return false;
          line = texts[at++];
          return true;
        },
        [&](std::string_view line) { written.emplace_back(line); });
    return written;
  }
  EncodingCounts counts;
};

TEST(EncoderLayers, AreNumberedAsAPythonListIs) {
  EXPECT_EQ(encoder_layers(std::vector<int64_t>{-1, 0, -4, 2, 2}, 4), (std::vector<int64_t>{3, 0, 0, 2, 2}));
  EXPECT_THAT([] { encoder_layers(std::vector<int64_t>{4}, 4); },
              ThrowsMessage<UsageError>(HasSubstr("there is no layer 4")));
  EXPECT_THAT([] { encoder_layers(std::vector<int64_t>{-5}, 4); },
              ThrowsMessage<UsageError>(HasSubstr("-1 (the last) to -4 (the first)")));
  EXPECT_THROW(encoder_layers({}, 4), UsageError);
}

std::vector<std::string> texts_and_pairs() {
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) {
    texts.emplace_back(i % 7 == 0 ? "" : "w7");
    for (int word = 0; word < i % 5; ++word) texts.back() += " w" + std::to_string(5 + (i * 3 + word) % 60);
    if (i % 3 == 0) texts.back() += " ||| w9 w" + std::to_string(20 + i);
  }
  return texts;
}

// The tokens of a line, and its values, which may differ in the last place between matrices of other shapes.
void expect_alike(const std::string& one, const std::string& other) {
  const auto a = nlohmann::json::parse(one), b = nlohmann::json::parse(other);
  EXPECT_EQ(a["linex_index"], b["linex_index"]);
  ASSERT_EQ(a["features"].size(), b["features"].size());
  for (size_t token = 0; token < a["features"].size(); ++token) {
    const auto &left = a["features"][token], &right = b["features"][token];
    EXPECT_EQ(left["token"], right["token"]);
    for (size_t layer = 0; layer < left["layers"].size(); ++layer) {
      const std::vector<double> x = left["layers"][layer]["values"], y = right["layers"][layer]["values"];
      EXPECT_LE(largest_relative_error(x, y), 2e-6);
    }
  }
}

TEST(FeatureExtraction, GivesEveryLineTheSameInAnyBatch) {
  const std::vector<std::string> texts = texts_and_pairs();
  Extracted model;
  const auto alone = model.lines({.layers = {-1, -2}, .max_length = 8, .batch_tokens = 8}, texts);
  EXPECT_EQ(model.counts.sequences, 40);
  EXPECT_GT(model.counts.cut_sequences, 0);
  const auto together = model.lines({.layers = {-1, -2}, .max_length = 8, .batch_tokens = 100}, texts);
  ASSERT_EQ(alone.size(), texts.size());
  ASSERT_EQ(together.size(), texts.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    EXPECT_THAT(alone[i], StartsWith("{\"linex_index\": " + std::to_string(i) + ", "));
    expect_alike(alone[i], together[i]);
  }
}

TEST(FeatureExtraction, DoesNotDependOnThreads) {
  const FeatureOptions options{.layers = {-1, 0}, .max_length = 8, .batch_tokens = 100};
  const int before = thread_count();
  Extracted model;
  set_thread_count(1);
  const auto one = model.lines(options, texts_and_pairs());
  set_thread_count(3);
  const auto three = model.lines(options, texts_and_pairs());
  set_thread_count(before);
  EXPECT_EQ(one, three);
}

TEST(FeatureExtraction, LeavesOutTheLayersAboveTheHighest) {
  const BertConfig config = small_config();
  const ParameterLayout layout =
      bert_parameters(config, {.pooler = false, .masked_language = false, .next_sentence = false});
  const Capacity capacity{16, 4, 0};
  const Graph first = feature_graph(config, layout, std::vector<int64_t>{0}, capacity, DType::f32);
  const Graph both = feature_graph(config, layout, std::vector<int64_t>{1, 0}, capacity, DType::f32);
  EXPECT_LT(first.nodes().size(), both.nodes().size());
  EXPECT_EQ(first.results().size(), 1u);
  EXPECT_EQ(both.results().size(), 2u);
}

TEST(FeatureExtraction, RefusesWhatTheModelDoesNotTake) {
  Extracted model;
  EXPECT_THROW(model.lines({.layers = {7}}, {}), UsageError);
  EXPECT_THROW(model.lines({.layers = {0}, .max_length = 2}, {}), UsageError);
  const auto too_long = static_cast<int>(model.config.max_positions) + 1;
  EXPECT_THROW(model.lines({.layers = {0}, .max_length = too_long}, {}), UsageError);
  EXPECT_THROW(FeatureExtraction(model.config, model.model.layout(), model.model.engine(), tokenizer_of(30),
                                 {.layers = {0}, .max_length = 8}),
               Error);
}

}  // namespace
}  // namespace cloze::testing
