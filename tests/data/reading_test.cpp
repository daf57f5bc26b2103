// Text sources, document reader, duplicate lines: from files to pieces of text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/data/chunk_texts.h"
#include "engine/data/count_words.h"
#include "engine/data/document_reader.h"
#include "engine/data/draw_sequence.h"
#include "engine/data/duplicate_lines.h"
#include "engine/data/text_source.h"
#include "tests/data/input_files.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Packing;
using testing::write_text;

class Reading : public ::testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& text) const {
    write_text(folder_ / name, text);
    return folder_ / name;
  }
  static std::vector<CorpusInput> list(const std::vector<std::filesystem::path>& inputs) {
    return list_inputs(inputs);
  }
  // All texts, documents separated by "|".
  static std::vector<std::string> read(const std::vector<std::filesystem::path>& inputs,
                                       TextKind kind = TextKind::automatic,
                                       TextCleaning* cleaning = nullptr) {
    std::vector<std::string> found;
    DocumentReader reader(list_inputs(inputs), kind);
    const ChunkTexts texts("text");
    for (TextChunk chunk; reader.next(chunk);) {
      const TextCleaning done = texts.for_each(chunk, [&](ChunkTexts::Unit unit, std::string_view text) {
        if (unit != ChunkTexts::Unit::document_end) {
          found.emplace_back(text);
        } else if (!found.empty() && found.back() != "|") {
          found.emplace_back("|");
        }
      });
      if (cleaning != nullptr) {
        cleaning->invalid_bytes += done.invalid_bytes;
        cleaning->cut_lines += done.cut_lines;
      }
    }
    return found;
  }
  template <typename Call>
  static std::string message_of(Call&& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(Reading, ListsFoldersInOrder) {
  file("d/b.txt", "b");
  file("d/a/z.txt", "z");
  file("d/é.txt", "e");
  file("d/.hidden", "h");
  file("d/.git/x", "x");
  const auto single = file("one.txt", "one");
  const auto inputs = list({single, folder_ / "d", single});
  std::vector<std::string> names;
  for (const auto& input : inputs)
    names.push_back(std::filesystem::path(input.path).lexically_relative(folder_.path()));
  EXPECT_THAT(names, ElementsAre("one.txt", "d/a/z.txt", "d/b.txt", "d/é.txt"));
  EXPECT_EQ(inputs[0].bytes, 3u);
  EXPECT_GT(inputs[0].modified, 1'600'000'000);
}

TEST_F(Reading, SaysWhatCannotBeListed) {
  EXPECT_THAT(message_of([&] { list({folder_ / "none.txt"}); }), HasSubstr("none.txt"));
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_THAT(message_of([&] { list({folder_ / "empty"}); }), HasSubstr("no files"));
  EXPECT_THAT(message_of([&] { list({"/dev/null"}); }), HasSubstr("neither a file nor a folder"));
}

TEST_F(Reading, UnpacksEverything) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "Sentence number " + std::to_string(i) + ".\n";
  for (const Packing packing : {Packing::gzip, Packing::bzip2, Packing::xz, Packing::zstd, Packing::lz4}) {
    const auto path = folder_ / "packed.txt";
    testing::write_packed(path, text, packing);
    ASSERT_LT(std::filesystem::file_size(path), text.size() / 2);
    const auto lines = read({path});
    ASSERT_EQ(lines.size(), 20000u);
    EXPECT_EQ(lines[19999], "Sentence number 19999.");
  }
}

TEST_F(Reading, GzipMembersOneAfterTheOther) {
  testing::write_packed(folder_ / "a.gz", "One.\n", Packing::gzip);
  testing::write_packed(folder_ / "b.gz", "Two.\n", Packing::gzip);
  EXPECT_THAT(read({file("ab.gz", read_file(folder_ / "a.gz") + read_file(folder_ / "b.gz"))}),
              ElementsAre("One.", "Two."));
}

TEST_F(Reading, ReadsTheFilesOfAnArchive) {
  const auto path = folder_ / "books.tar.xz";
  testing::write_tar(path,
                     {{"b/Ünï 書.md", "# Title\n\nA b.\n\nC."},
                      {"b/.hidden.md", "No."},
                      {"b/empty.md", ""},
                      {"b/z.txt", "One.\n"}},
                     Packing::xz);
  EXPECT_THAT(read({path}), ElementsAre("A b.", "C.", "|", "One."));
  TextSource source(path);
  ASSERT_TRUE(source.next_text());
  EXPECT_EQ(source.name(), path.string() + ":b/Ünï 書.md");
}

TEST_F(Reading, CutOffFilesAreErrors) {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i * 7919) + "\n";
  for (const Packing packing : {Packing::gzip, Packing::xz, Packing::zstd}) {
    testing::write_packed(folder_ / "x", text, packing);
    const std::string bytes = read_file(folder_ / "x");
    const auto path = file("cut", bytes.substr(0, bytes.size() / 2));
    EXPECT_THAT(message_of([&] { read({path}); }), HasSubstr("cut"));
  }
}

TEST_F(Reading, PlainTextIsNeverTakenForAnArchive) {
  EXPECT_THAT(read({file("a", "begin 644 x\nend\n")}), ElementsAre("begin 644 x", "end"));
  EXPECT_THAT(read({file("b", "#mtree\nfile\n")}), ElementsAre("#mtree", "file"));
}

TEST_F(Reading, SentencesGoOnAcrossFiles) {
  EXPECT_THAT(read({file("1.txt", "A.\n\nB.\n"), file("2.txt", "C.\n \x0b\u0085\nD.\n\u200b\nE.\n")},
                   TextKind::sentences),
              ElementsAre("A.", "|", "B.", "C.", "|", "D.", "\u200b", "E."));
}

TEST_F(Reading, OtherKindsEndWithTheFile) {
  const auto one = file("1.txt", "A b. C d. E f.\nSecond. One. Here.\n\nOther. One. Too.\n"),
             two = file("2.txt", "Z z. Y y. X x.");
  EXPECT_THAT(read({one, two}), ElementsAre("A b. C d. E f.", "Second. One. Here.", "|", "Other. One. Too.",
                                            "|", "Z z. Y y. X x.", "|"));
  EXPECT_THAT(read({file("s.txt", "Only.\n"), file("m.md", "Text.")}),
              ElementsAre("Only.", "|", "Text.", "|"));
}

TEST_F(Reading, JsonRecordsAreDocuments) {
  EXPECT_THAT(
      read({file(
          "w.jsonl",
          "{\"id\": 1, \"text\": \"Title\\n\\nOne. \\u00e9\"}\r\n\n{\"text\": \"\"}\n{\"text\": \"B\"}")}),
      ElementsAre("Title", "One. é", "|", "B", "|"));
}

TEST_F(Reading, BadRecordsAreNamed) {
  const auto message = [&](const std::string& line) {
    return message_of([&] { read({file("w.jsonl", "{\"text\": \"fine\"}\n" + line + "\n")}); });
  };
  for (const char* line : {"{\"text\": \"open", "[1]", "{\"body\": \"x\"}", "{\"text\": 3}", "nonsense"}) {
    EXPECT_THAT(message(line), HasSubstr("w.jsonl:2")) << line;
  }
  EXPECT_THAT(message("{\"body\": \"x\"}"), HasSubstr("no field `text`"));
  EXPECT_THAT(message("{\"text\": \"" + std::string(17 << 20, 'x') + "\"}"), HasSubstr("too long"));
}

TEST_F(Reading, DropsWhatIsNotUtf8) {
  TextCleaning cleaning;
  EXPECT_THAT(read({file("a.txt",
                         "a\xff"
                         "b\xc3\n\xff\xfe\nc\n")},
                   TextKind::sentences, &cleaning),
              ElementsAre("ab", "|", "c"));
  EXPECT_EQ(cleaning.invalid_bytes, 2u) << "the blank line is not looked at";
  EXPECT_THAT(read({file("b.jsonl", "{\"text\": \"x\xff\"}")}), ElementsAre("x", "|"));
}

TEST_F(Reading, CutsEndlessLines) {
  TextCleaning cleaning;
  const auto pieces =
      read({file("a.txt", std::string(3 << 20, 'x') + "\nlast\n")}, TextKind::sentences, &cleaning);
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[3], "last");
  EXPECT_EQ(cleaning.cut_lines, 2u);
}

TEST_F(Reading, RefusesWhatIsNoText) {
  const auto binary = file("a.bin", std::string("\x7f"
                                                "ELF\0\0",
                                                6));
  EXPECT_THAT(message_of([&] { read({binary}); }), HasSubstr("NUL"));
  EXPECT_THAT(message_of([&] {
                read({file("w.txt", std::string("\xff\xfe"
                                                "a\0",
                                                4))});
              }),
              HasSubstr("UTF-16"));
  EXPECT_THAT(read({binary, file("b.txt", "text")}), ElementsAre("text")) << "among others it is left out";
}

TEST_F(Reading, GoesOnFromAnyChunk) {
  std::string text;
  for (int i = 0; i < 60000; ++i)
    text += i % 9 == 8 ? "\n" : "This is line number " + std::to_string(i) + " of the text.\n";
  const std::string rows = "One paragraph of text. It has sentences. Three of them.\n\n";
  testing::write_tar(folder_ / "t.tar.gz",
                     {{"a.md", text}, {"b.txt", rows}, {"c.md", "```\ncode\n```\nText."}}, Packing::gzip);
  const auto inputs = list({file("1.txt", text), folder_ / "t.tar.gz", file("2.txt", rows)});
  std::vector<std::string> whole;
  std::vector<std::pair<SourcePosition, size_t>> places{{{}, 0}};
  const auto collect = [](const TextChunk& chunk, std::vector<std::string>& into) {
    for (const TextPiece& piece : chunk.pieces) {
      into.push_back(std::string(chunk.text_of(piece)) + char('0' + static_cast<int>(piece.kind)));
    }
  };
  DocumentReader reader(inputs, TextKind::automatic);
  for (TextChunk chunk; reader.next(chunk);) {
    collect(chunk, whole);
    places.emplace_back(chunk.after, whole.size());
  }
  ASSERT_GE(places.size(), 8u);
  for (const auto& [place, done] : places) {
    std::vector<std::string> rest;
    DocumentReader later(inputs, TextKind::automatic, place);
    for (TextChunk chunk; later.next(chunk);) collect(chunk, rest);
    ASSERT_EQ(rest.size(), whole.size() - done);
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(), whole.begin() + static_cast<std::ptrdiff_t>(done)));
  }
}

// Whatever the bytes, a text is read to its end or refused with a message.
TEST_F(Reading, NastyBytesNeverCrash) {
  const std::string alphabet = "\n\r \t#*_[]()<>&;!`~|\\{}\":,.-=0aé\xc3\xff\xef\xbb\xbf\x1f\x8b";
  size_t read_whole = 0;
  for (uint32_t trial = 0; trial < 300; ++trial) {
    DrawSequence draws(derive_key(3, 1, 0), trial, 0);
    std::string text(draws.below(600), ' ');
    for (char& c : text) c = alphabet[draws.below(static_cast<uint32_t>(alphabet.size()))];
    const auto path = file("nasty", text);
    for (const TextKind kind : {TextKind::automatic, TextKind::sentences, TextKind::paragraphs,
                                TextKind::markdown, TextKind::jsonl}) {
      try {
        read({path}, kind);
        ++read_whole;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("nasty"));
      }
    }
  }
  EXPECT_GT(read_whole, 800u) << "only JSON is refused, and bytes that begin like a compressed file";
}

TEST_F(Reading, RealBooks) {
  const std::filesystem::path books = CLOZE_SOURCE_DIR "/../shared/data/prose/books.tar.xz";
  if (!std::filesystem::exists(books)) GTEST_SKIP() << "no shared data here";
  DocumentReader reader(list({books}), TextKind::automatic);
  const ChunkTexts texts("text");
  size_t paragraphs = 0, ends = 0, headings = 0, italics = 0;
  TextChunk chunk;
  for (int i = 0; i < 20 && reader.next(chunk); ++i) {
    EXPECT_THAT(chunk.source, ::testing::EndsWith(".md"));
    const TextCleaning cleaning = texts.for_each(chunk, [&](ChunkTexts::Unit unit, std::string_view text) {
      ends += unit == ChunkTexts::Unit::document_end;
      paragraphs += unit == ChunkTexts::Unit::paragraph;
      headings += text.starts_with("# Title") || text.starts_with("## ");
      italics += text.find(" _") != std::string_view::npos;
    });
    EXPECT_EQ(cleaning.invalid_bytes, 0u);
  }
  EXPECT_GT(paragraphs, 5000u);
  EXPECT_GT(ends, 20u);
  EXPECT_EQ(headings, 0u);
  EXPECT_EQ(italics, 0u);
}

TEST_F(Reading, CountsWords) {
  WordCounter counter({}, {});
  const std::vector<std::filesystem::path> inputs = {file("a.md", "# No\n\nThe *cat*, the dog."),
                                                     file("b.txt", "A cat.\n")};
  count_words(inputs, TextKind::automatic, "text", counter);
  std::vector<std::string> words;
  for (const WordCount& word : counter.finish().words)
    words.push_back(word.word + std::to_string(word.count));
  EXPECT_THAT(words, ElementsAre(".2", "cat2", "the2", ",1", "a1", "dog1"));
  WordCounter none({}, {});
  EXPECT_THROW(count_words(std::vector{file("e.txt", "\n\n")}, TextKind::automatic, "text", none), Error);
}

TEST(DuplicateLines, ExactWhileTheyFit) {
  DuplicateLineCounter counter(1000);
  for (uint64_t i = 0; i < 900; ++i) counter.add(hash64(std::to_string(i)));
  for (uint64_t i = 0; i < 100; ++i) counter.add(hash64(std::to_string(i)));
  EXPECT_EQ(counter.result().sampled_one_in, 1u);
  EXPECT_EQ(counter.result().lines, 1000u);
  EXPECT_DOUBLE_EQ(counter.result().rate(), 0.1);
}

TEST(DuplicateLines, SampledBeyond) {
  DuplicateLineCounter counter(2000), resumed(2000);
  for (uint64_t i = 0; i < 100000; ++i) {
    counter.add(hash64(std::to_string(i % 70000)));
    if (i == 50000) {
      resumed.restore(counter.result().sampled_one_in, counter.entries());
    } else if (i > 50000) {
      resumed.add(hash64(std::to_string(i % 70000)));
    }
  }
  const DuplicateLines result = counter.result();
  EXPECT_GE(result.sampled_one_in, 35u);
  EXPECT_LE(result.distinct, 2000u);
  EXPECT_NEAR(result.rate(), 0.3, 0.05);
  EXPECT_EQ(resumed.result().lines, result.lines);
  EXPECT_EQ(resumed.result().distinct, result.distinct);
}

}  // namespace
}  // namespace cloze
