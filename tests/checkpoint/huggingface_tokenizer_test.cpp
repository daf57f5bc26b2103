#include "engine/checkpoint/huggingface_tokenizer.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "engine/text/unicode.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::logged;

constexpr const char* vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n";

class HuggingfaceTokenizerTest : public ::testing::Test {
 protected:
  void put(const char* name, const std::string& text) { write_file(folder_ / name, text); }
  HuggingfaceTokenizer read() const { return read_huggingface_tokenizer(folder_.path()); }
  testing::TemporaryFolder folder_;
};

TEST_F(HuggingfaceTokenizerTest, RoundTrip) {
  for (const bool google : {true, false}) {
    HuggingfaceTokenizer written{
        .options = {.lowercase = !google,
                    .rules = google ? TokenizerRules::google : TokenizerRules::huggingface,
                    .strip_accents = google ? std::optional<bool>() : false,
                    .max_word_characters = 77,
                    .chinese_characters = google,
                    .keep_special_tokens = !google},
        .max_length = 128};
    put("vocab.txt", vocabulary);
    put("tokenizer_config.json", tokenizer_config_text(written));
    const HuggingfaceTokenizer found = read();
    EXPECT_EQ(found.options, written.options);
    EXPECT_EQ(found.max_length, 128);
    EXPECT_EQ(found.vocabulary->text(), vocabulary);
  }
}

TEST_F(HuggingfaceTokenizerTest, TheWordLimitInForceIsWrittenDown) {
  HuggingfaceTokenizer tokenizer;
  EXPECT_EQ(nlohmann::json::parse(tokenizer_config_text(tokenizer))["cloze_max_word_characters"], 200);
  tokenizer.options.rules = TokenizerRules::huggingface;
  EXPECT_EQ(nlohmann::json::parse(tokenizer_config_text(tokenizer))["cloze_max_word_characters"], 100);
}

TEST_F(HuggingfaceTokenizerTest, AFolderOfTransformersHasItsRules) {
  put("vocab.txt", vocabulary);
  put("tokenizer_config.json", R"({"do_lower_case": false, "model_max_length": 1e30})");
  const HuggingfaceTokenizer found = read();
  EXPECT_EQ(found.options.rules, TokenizerRules::huggingface);
  EXPECT_FALSE(found.options.lowercase);
  EXPECT_EQ(found.options.word_limit(), 100);
  EXPECT_EQ(found.max_length, std::numeric_limits<int32_t>::max());
}

TEST_F(HuggingfaceTokenizerTest, TokenizerJsonAloneIsEnough) {
  put("tokenizer.json",
      R"({"normalizer": {"lowercase": false, "strip_accents": true, "handle_chinese_chars": false},
    "model": {"type": "WordPiece", "max_input_chars_per_word": 30,
              "vocab": {"[MASK]": 4, "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}}})");
  const HuggingfaceTokenizer found = read();
  EXPECT_EQ(found.vocabulary->text(), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
  EXPECT_FALSE(found.options.lowercase);
  EXPECT_EQ(found.options.strip_accents, true);
  EXPECT_FALSE(found.options.chinese_characters);
  EXPECT_EQ(found.options.word_limit(), 30);
}

TEST_F(HuggingfaceTokenizerTest, TokenizerJsonOfAnotherKindIsRefused) {
  put("tokenizer.json", R"({"model": {"type": "BPE", "vocab": {}}})");
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("a BPE tokenizer, not WordPiece"));
  put("tokenizer.json", R"({"model": {"type": "WordPiece"}})");
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("holds no vocabulary"));
  put("tokenizer.json", R"({"model": {"vocab": {"a": 0, "b": 2}}})");
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("`b` has 2"));
  put("tokenizer.json", R"({"model": {"vocab": {"a": 0, "b": 0}}})");
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("`b` has 0"));
}

TEST_F(HuggingfaceTokenizerTest, WithoutAWordOnCasingItWarns) {
  put("vocab.txt", vocabulary);
  EXPECT_THAT(logged([&] { EXPECT_TRUE(read().options.lowercase); }), HasSubstr("taken as uncased"));
}

TEST_F(HuggingfaceTokenizerTest, AnotherUnicodeVersionIsWarnedOf) {
  put("vocab.txt", vocabulary);
  put("tokenizer_config.json", R"({"cloze_unicode_version": "3.2"})");
  EXPECT_THAT(logged([&] { read(); }),
              HasSubstr("trained with Unicode 3.2, this program has " + unicode_version()));
  put("tokenizer_config.json", tokenizer_config_text({}));
  EXPECT_EQ(logged([&] { read(); }), "");
}

TEST_F(HuggingfaceTokenizerTest, NonsenseIsRefused) {
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("neither vocab.txt nor tokenizer.json"));
  put("vocab.txt", vocabulary);
  put("tokenizer_config.json", R"({"do_lower_case": "no"})");
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("`do_lower_case` is a text"));
  put("tokenizer_config.json", R"({"cloze_rules": "bing"})");
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("cloze_rules is `bing`"));
  put("tokenizer_config.json", R"({"model_max_length": 0})");
  EXPECT_THAT(error_of([&] { read(); }), HasSubstr("model_max_length is 0"));
}

}  // namespace
}  // namespace cloze
