#include "engine/text/sentences.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>

#include "engine/base/file.h"

namespace cloze {
namespace {

using Strings = std::vector<std::string>;

Strings split(std::string_view paragraph) {
  Strings sentences;
  for (const std::string_view sentence : split_sentences(paragraph)) sentences.emplace_back(sentence);
  return sentences;
}

// Sentences separated by " | " must be found when the paragraph has a blank there instead.
void expect_split(const std::string& marked) {
  Strings expected;
  std::string paragraph;
  for (size_t begin = 0; begin <= marked.size();) {
    const size_t end = std::min(marked.find(" | ", begin), marked.size());
    expected.push_back(marked.substr(begin, end - begin));
    paragraph += (paragraph.empty() ? "" : " ") + expected.back();
    begin = end + 3;
  }
  EXPECT_EQ(split(paragraph), expected);
}

TEST(Sentences, PlainOnes) {
  expect_split("It rained. | Did it? | It did! | Good.");
  expect_split("No terminator at the end");
  expect_split("It went on. and on, without a capital letter. | Then it ended.");
}

TEST(Sentences, ALowercaseLetterGoesOn) {
  EXPECT_EQ(split("He shouted “Stop!” and ran. Then e.g. this."),
            (Strings{"He shouted “Stop!” and ran.", "Then e.g. this."}));
  EXPECT_EQ(split("Why? he asked."), Strings{"Why? he asked."});
}

TEST(Sentences, Initials) {
  expect_split("J. R. R. Tolkien wrote it. | C.S. Lewis read it.");
  expect_split("George W. Bush met É. Zola's heirs. | They talked.");
  expect_split("So did I. | The others left.");
  expect_split("It froze at 0 °C. | The lake on Avenue C. | They skated with J. A. Smith.");
  expect_split("King Edward I. Longshanks was tall.");
  expect_split("Roe v. Wade was cited. | Anna (b. 1821, d. 1888) and Flavius (r. 408–450) were not.");
  expect_split("She chose option b. | The rest chose c. | They won.");
}

TEST(Sentences, Abbreviations) {
  expect_split("Dr. Watson met Mrs. Hudson near St. Paul's vs. Rev. Green. | He left.");
  expect_split("See Fig. 3 and No. 5 on pp. 12. | The rest follows.");
  expect_split("He said no. | No. 5 was sold in Jan. 1999 by Acme Inc. Chairman Smith.");
  expect_split("It was made by Acme Inc. | The firm failed.");
  expect_split("He lived in the U.S. Army barracks until 5 p.m. | He then moved to the U.S. | It was cold.");
  expect_split("Smith et al. Found nothing.");
}

TEST(Sentences, Numbers) {
  expect_split("Pi is 3.14 or 22/7. | In 1999. | 5 people came.");
  expect_split("1. Introduction comes first. | Then 2. follows.");
  expect_split("It cost $3.50. | £4 was too much.");
}

TEST(Sentences, ClosersBelongToTheSentenceBefore) {
  expect_split("“It is late.” | “Go home!” | (He did.) | [So did she.] | It ended.");
  expect_split("\"It is late.\" | \"Go home!\" | 'Yes?' | Fine.");
  expect_split("Census data agree.[12][note 3] | Others do not.[citation needed] | So it goes.");
  expect_split("He said “no”. | “Yes,” she said.");
  expect_split("_Emphasis ends here._ | *Another.* | More.");
}

TEST(Sentences, RunsOfTerminators) {
  expect_split("What?! | Really... | Yes… | Oh!!! | He said... nothing at all.");
  expect_split("He wrote [...] The King (?) Came. | ... And then it ended.");
}

TEST(Sentences, OtherScripts) {
  EXPECT_EQ(split("東京は首都です。人口は？1400万人！"),
            (Strings{"東京は首都です。", "人口は？", "1400万人！"}));
  EXPECT_EQ(split("他说：“你好。”然后走了。"), (Strings{"他说：“你好。”", "然后走了。"}));
  EXPECT_EQ(split("「はい。」と言った。終わり。"), (Strings{"「はい。」と言った。", "終わり。"}));
  EXPECT_EQ(split("यह पहला है। यह दूसरा है।"), (Strings{"यह पहला है।", "यह दूसरा है।"}));
  EXPECT_EQ(split("هل هذا صحيح؟ نعم."), (Strings{"هل هذا صحيح؟", "نعم."}));
  expect_split("Поезд ушёл. | Öde Tage folgten. | Ça va.");
}

TEST(Sentences, WhiteSpaceIsTakenOff) {
  EXPECT_EQ(split("  One.\n\tTwo.\u00a0\u3000Three. \r\n"), (Strings{"One.", "Two.", "Three."}));
  EXPECT_TRUE(split("").empty());
  EXPECT_TRUE(split(" \n\t ").empty());
  EXPECT_EQ(split("."), Strings{"."});
}

// Whatever the bytes: sentences are in order, and together hold every byte that is not white space.
void expect_partition(const std::string& text) {
  std::string joined, squeezed;
  const char* last = text.data();
  for (const std::string_view sentence : split_sentences(text)) {
    ASSERT_FALSE(sentence.empty());
    ASSERT_GE(sentence.data(), last);
    last = sentence.data() + sentence.size();
    joined += sentence;
  }
  ASSERT_LE(last, text.data() + text.size());
  const auto squeeze = [](const std::string& from) {
    std::string to;
    for (const char c : from) {
      if (c != ' ' && c != '\n' && c != '\t') to += c;
    }
    return to;
  };
  ASSERT_EQ(squeeze(joined), squeeze(text));
}

TEST(Sentences, RandomBytesLoseNothing) {
  std::mt19937 random(21);
  const Strings parts = {". ", "! ",  "? ", "A", "b", " ",  "Dr", "U.S",  "\"",
                         ")",  "[1]", "。", "…", "1", "\n", "é",  "\xFF", "\xE3\x80"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (size_t i = random() % 30; i > 0; --i) text += parts[random() % parts.size()];
    expect_partition(text);
    if (HasFatalFailure()) return;
  }
}

TEST(Sentences, LongRunsTakeLinearTime) {
  for (const char* unit : {". ", ".", "A. ", "a.", "[1]", "\"", "1. ", "U.S. ", "? ", "。」"}) {
    std::string text;
    for (int i = 0; i < 300'000; ++i) text += unit;
    split_sentences(text);
  }
}

TEST(Sentences, ParagraphsOfAnEncyclopedia) {
  const std::filesystem::path path = CLOZE_SOURCE_DIR "/../shared/data/prose/wikipedia-valid.txt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  const std::string text = read_file(path);
  size_t sentences = 0, short_ones = 0, lowercase = 0, characters = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    for (const std::string_view sentence : split_sentences(rest.substr(0, end))) {
      ++sentences;
      characters += sentence.size();
      short_ones += sentence.size() < 12;
      lowercase += sentence[0] >= 'a' && sentence[0] <= 'z';
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const double mean = static_cast<double>(characters) / static_cast<double>(sentences);
  EXPECT_GT(mean, 120);  // English encyclopedic prose: about 20 to 25 words
  EXPECT_LT(mean, 160);
  EXPECT_LT(short_ones, sentences / 200);
  EXPECT_LT(lowercase, sentences / 100);
}

}  // namespace
}  // namespace cloze
