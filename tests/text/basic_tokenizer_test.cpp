// The basic tokenizer (cleaning, normalisation, splitting) against goldens of both rules.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/text/tokenizer.h"
#include "engine/text/utf8.h"
#include "tests/text/test_vocabulary.h"

namespace cloze {
namespace {

using nlohmann::json;

json golden(const std::string& name) {
  return json::parse(read_file(CLOZE_SOURCE_DIR "/tests/golden/text/" + name));
}

TokenizerOptions options_of(const json& variant) {
  return {.lowercase = variant[1],
          .rules = variant[0] == "google" ? TokenizerRules::google : TokenizerRules::huggingface};
}

std::vector<std::string> words_of(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> words;
  for (Word& word : tokenizer.words(text)) words.push_back(std::move(word.text));
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Tokenizer tokenizer_of(TokenizerOptions options) {
  return {golden_vocabulary(), options};
}

TEST(BasicTokenizer, AwkwardStringsMatchBothReferences) {
  const json file = golden("words.json");
  for (size_t variant = 0; variant < file["variants"].size(); ++variant) {
    const Tokenizer tokenizer = tokenizer_of(options_of(file["variants"][variant]));
    for (const json& sample : file["cases"]) {
      const auto text = sample["text"].get<std::string>();
      EXPECT_EQ(words_of(tokenizer, text), sample["words"][variant].get<std::vector<std::string>>())
          << file["variants"][variant] << ' ' << sample["text"].dump(-1, ' ', true);
    }
  }
}

// What the golden says of every code point between two letters: "a?b" without its first and last character.
std::vector<std::string> expected_changes(const json& unassigned, const json& rules) {
  std::vector<std::string> expected(0x110000);
  for (char32_t c = 0; c < 0x110000; ++c) append_utf8(expected[c], c);
  const auto fill = [&](const json& ranges, auto&& value_of) {
    for (const json& range : ranges) {
      for (char32_t c = range[0].get<uint32_t>(); c <= range[1].get<uint32_t>(); ++c)
        expected[c] = value_of(expected[c]);
    }
  };
  fill(rules["drop"], [](auto&) { return std::string(); });
  fill(rules["space"], [](auto&) { return std::string(" "); });
  fill(rules["isolate"], [](auto& c) { return " " + c + " "; });
  fill(unassigned, [](auto&) { return std::string("unassigned"); });
  for (const auto& [code, change] : rules["change"].items()) {
    expected[std::stoul(code, nullptr, 16)] = change.get<std::string>();
  }
  return expected;
}

TEST(BasicTokenizer, EveryCodePointIsTreatedAsTheReferencesTreatIt) {
  const json file = golden("character_rules.json");
  for (size_t variant = 0; variant < file["variants"].size(); ++variant) {
    const Tokenizer tokenizer = tokenizer_of(options_of(file["variants"][variant]));
    const std::vector<std::string> expected = expected_changes(file["unassigned"], file["rules"][variant]);
    int wrong = 0;
    for (char32_t c = 0; c < 0x110000; ++c) {
      const bool hangul_syllable = c >= 0xAC00 && c <= 0xD7A3;
      if (expected[c] == "unassigned" || hangul_syllable) continue;
      std::string text = "a";
      append_utf8(text, c);
      text += 'b';
      const std::string words = joined(words_of(tokenizer, text));
      if (words.substr(1, words.size() - 2) == expected[c]) continue;
      ADD_FAILURE() << file["variants"][variant] << " U+" << std::hex << static_cast<uint32_t>(c)
                    << " gives `" << words << "`, not `a" << expected[c] << "b`";
      if (++wrong == 10) break;
    }
  }
}

// Every Hangul syllable decomposes by arithmetic (Unicode Standard 3.12).
TEST(BasicTokenizer, HangulBecomesJamo) {
  const Tokenizer uncased = tokenizer_of({}), cased = tokenizer_of({.lowercase = false});
  for (uint32_t index = 0; index < 11172; ++index) {
    std::string syllable, jamo;
    append_utf8(syllable, 0xAC00 + index);
    append_utf8(jamo, 0x1100 + index / 588);
    append_utf8(jamo, 0x1161 + index % 588 / 28);
    if (index % 28 != 0) append_utf8(jamo, 0x11A7 + index % 28);
    ASSERT_EQ(words_of(uncased, syllable), std::vector<std::string>{jamo});
    ASSERT_EQ(words_of(cased, syllable), std::vector<std::string>{syllable});
  }
}

TEST(BasicTokenizer, StrippingAccentsIsIndependentOfCase) {
  EXPECT_EQ(joined(words_of(tokenizer_of({.lowercase = true, .strip_accents = false}), "Café ΟΣ")),
            "café ος");
  EXPECT_EQ(joined(words_of(tokenizer_of({.lowercase = false, .strip_accents = true}), "Café ΟΣ")),
            "Cafe ΟΣ");
  EXPECT_EQ(joined(words_of(tokenizer_of({.rules = TokenizerRules::huggingface, .strip_accents = false}),
                            "CAFÉ İ")),
            "café i\u0307");
}

TEST(BasicTokenizer, ChineseSpacingCanBeSwitchedOff) {
  EXPECT_EQ(joined(words_of(tokenizer_of({}), "ah博推zz")), "ah 博 推 zz");
  EXPECT_EQ(joined(words_of(tokenizer_of({.chinese_characters = false}), "ah博推zz")), "ah博推zz");
}

TEST(BasicTokenizer, InvalidBytesAreDropped) {
  const Tokenizer tokenizer = tokenizer_of({});
  EXPECT_EQ(joined(words_of(tokenizer,
                            "a\xFF"
                            "b\xE2(\xA1 c\xED\xA0\x80"
                            "d \xC3")),
            "ab ( cd");
  EXPECT_EQ(joined(words_of(tokenizer,
                            "ΑΣ\xFF"
                            "Α ΑΣ\xFF")),
            "ασα ας");  // nor does a sigma see them
}

TEST(BasicTokenizer, SpansCoverTheOriginalCharacters) {
  const std::string text = "\u00a0He\u0301\u0327llo,\u200b wor\u00adld ≠x 한국";
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"hello", "He\u0301\u0327llo"},
      {",", ","},
      {"world", "wor\u00adld"},
      {"=", "≠"},
      {"x", "x"},
      {"\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"}};
  std::vector<std::pair<std::string, std::string>> found;
  for (const Word& word : tokenizer_of({}).words(text)) {
    found.emplace_back(word.text, text.substr(word.span.begin, word.span.end - word.span.begin));
  }
  EXPECT_EQ(found, expected);
}

TEST(BasicTokenizer, LongRunsTakeLinearTime) {
  // Each would take minutes if looking around were quadratic.
  const Tokenizer tokenizer = tokenizer_of({});
  std::string sigmas, marks = "a";
  for (int i = 0; i < 200'000; ++i) {
    sigmas += "Σ'";
    marks += i % 2 == 0 ? "\u302f" : "\u302e";
  }
  EXPECT_EQ(tokenizer.words(sigmas).size(), 400'000u);
  EXPECT_EQ(tokenizer.words(std::string(1'000'000, '\'') + "Σ").size(), 1'000'001u);
  EXPECT_EQ(tokenizer.words(marks).size(), 1u);
}

}  // namespace
}  // namespace cloze
