#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/data/markdown.h"
#include "engine/data/text_kind.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> paragraphs_of(std::string_view text) {
  std::vector<std::string> found;
  MarkdownParagraphs reader;
  const auto take = [&] {
    found.emplace_back();
    strip_markdown(reader.paragraph(), found.back());
  };
  uint64_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (reader.add(text.substr(0, end), ++number)) take();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (reader.finish()) take();
  return found;
}

std::string stripped(std::string_view text) {
  std::string plain;
  strip_markdown(text, plain);
  return plain;
}

TEST(Markdown, KeepsRunningTextOnly) {
  EXPECT_THAT(
      paragraphs_of(
          "# Title: Rock Crystal\n\n## Author\n\n-------\n_Translated by X_\n\n\nAmong the\nhigh mountains.\n"
          "\n#hashtag stays\n"),
      ElementsAre("Translated by X", "Among the high mountains.", "#hashtag stays"));
  EXPECT_THAT(paragraphs_of("Heading\n=======\ntext\n\nOther\n---\nmore\n***\nend"),
              ElementsAre("text", "more", "end"));
  EXPECT_THAT(paragraphs_of("before\n```cpp\nint x;\n\nint y;\n```\nafter"), ElementsAre("before", "after"));
  EXPECT_THAT(paragraphs_of("~~~\n```\n~~~\nafter"), ElementsAre("after"));
  EXPECT_THAT(paragraphs_of("| a | b |\n|---|---|\n| 1 | 2 |\n\ntext"), ElementsAre("text"));
  EXPECT_THAT(paragraphs_of("[1]: http://a.b \"c\"\ntext [x][1]"), ElementsAre("text x"));
}

TEST(Markdown, ListsAndQuotations) {
  EXPECT_THAT(paragraphs_of("- one\n  still one\n- two\n* three\n12. four\n3) five"),
              ElementsAre("one still one", "two", "three", "four", "five"));
  EXPECT_THAT(paragraphs_of("> quoted\n> text\n>\n> > nested"), ElementsAre("quoted text", "nested"));
  EXPECT_THAT(paragraphs_of("1815. A year.\n-5 degrees"), ElementsAre("1815. A year. -5 degrees"));
}

TEST(Markdown, FrontMatter) {
  EXPECT_THAT(paragraphs_of("---\ntitle: x\ntags:\n  - y\n---\ntext"), ElementsAre("text"));
  EXPECT_THAT(paragraphs_of("---\nThis is prose, after a rule.\n"),
              ElementsAre("This is prose, after a rule."));
}

TEST(Markdown, LongParagraphsAreBounded) {
  MarkdownParagraphs reader;
  const std::string line(1000, 'x');
  size_t complete = 0;
  for (uint64_t i = 1; i <= 3000; ++i) {
    if (!reader.add(line, i)) continue;
    ++complete;
    EXPECT_LE(reader.paragraph().size(), MarkdownParagraphs::longest_paragraph + 2000);
  }
  EXPECT_EQ(complete, 2u);
}

TEST(Markdown, Emphasis) {
  EXPECT_EQ(stripped("an _italic_ and **bold** and ***both*** word"), "an italic and bold and both word");
  EXPECT_EQ(stripped("snake_case_name, 2 * 3, a*b*c"), "snake_case_name, 2 * 3, abc");
  EXPECT_EQ(stripped("naïve_word_é"), "naïve_word_é");
  EXPECT_EQ(stripped("`code` ~~gone~~ ~approx"), "code gone ~approx");
  EXPECT_EQ(stripped("\\*not\\* \\_this\\_ C:\\dir"), "*not* _this_ C:\\dir");
}

TEST(Markdown, LinksImagesAndTags) {
  EXPECT_EQ(stripped("see [the _book_](http://a.b/c_(d) \"t\") now"), "see the book now");
  EXPECT_EQ(stripped("![alt [x]](a.png)text"), "text");
  EXPECT_EQ(stripped("[sic] and [^1] and [a][b] and [open"), "[sic] and  and a and [open");
  EXPECT_EQ(stripped("[a [b](c) d](e) f"), "a b d f");
  EXPECT_EQ(stripped("a<br/>b <http://x.y> 1 < 2 > 0 <!-- no --> </p>"), "ab  1 < 2 > 0  ");
  EXPECT_EQ(stripped("AT&amp;T &mdash; &#8220;x&#x201D; &bogus; & &#0; &#xD800;"),
            "AT&T — “x” &bogus; & &#0; &#xD800;");
}

TEST(Markdown, UnclosedMarksTakeLinearTime) {
  for (const char* mark : {"[", "![", "<a", "&", "*", "_a", "`", "[a]("}) {
    std::string text;
    while (text.size() < (1 << 20)) text += mark;
    std::string plain;
    strip_markdown(text, plain);
    EXPECT_LE(plain.size(), text.size());
  }
  std::string nested(200000, '[');
  for (int i = 0; i < 200000; ++i) nested += "](b)";
  EXPECT_EQ(stripped(nested), "");
}

TEST(TextKind, ByName) {
  EXPECT_EQ(decide_kind("a/b.md", "").kind, TextKind::markdown);
  EXPECT_EQ(decide_kind("b.Markdown.gz", "").kind, TextKind::markdown);
  EXPECT_EQ(decide_kind("x.tar.xz:b.jsonl", "").kind, TextKind::jsonl);
  EXPECT_EQ(decide_kind("b.ndjson.zst", "").kind, TextKind::jsonl);
  EXPECT_EQ(decide_kind("b.md", "").reason, "its name ends in .md");
}

TEST(TextKind, ByContent) {
  EXPECT_EQ(decide_kind("wiki_00", "\n {\"text\": \"A. B. C. D.\"}\n").kind, TextKind::jsonl);
  EXPECT_EQ(decide_kind("a.txt", "One sentence.\nAnother one!\n\nA third?\n").kind, TextKind::sentences);
  EXPECT_EQ(decide_kind("a.txt", "One. Two. Three.\nFour? Five! Six.\n").kind, TextKind::paragraphs);
  EXPECT_EQ(decide_kind("a.txt", "").kind, TextKind::sentences);
  EXPECT_EQ(decide_kind("a.txt", "It costs 3.50 at www.x.y.z today\n").kind, TextKind::sentences);
}

TEST(TextKind, Names) {
  for (const char* name : {"auto", "sentences", "paragraphs", "markdown", "jsonl"}) {
    EXPECT_STREQ(name_of(text_kind(name)), name);
  }
  EXPECT_THROW(text_kind("csv"), UsageError);
}

}  // namespace
}  // namespace cloze
