#include "engine/data/examples/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/data/examples/test_examples.h"
#include "tests/data/input_files.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::Packing;

std::string read_all(const std::filesystem::path& path) {
  TextFile file(path);
  std::string text;
  for (std::string_view block = file.next_block(); !block.empty(); block = file.next_block()) text += block;
  EXPECT_TRUE(file.next_block().empty());
  return text;
}

class TextFiles : public ::testing::Test {
 protected:
  std::filesystem::path written(const std::string& bytes) const {
    write_file(folder_ / "text", bytes);
    return folder_ / "text";
  }
  ScratchFolder folder_;
};

std::string utf16(std::u16string_view text, bool big) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF), high = static_cast<char>(unit >> 8);
    bytes += big ? high : low;
    bytes += big ? low : high;
  }
  return bytes;
}

TEST_F(TextFiles, Utf8WithAndWithoutMark) {
  EXPECT_EQ(read_all(written("a\tb\n")), "a\tb\n");
  EXPECT_EQ(read_all(written("\xEF\xBB\xBF"
                             "a\n")),
            "a\n");
  EXPECT_EQ(read_all(written("x")), "x");
  EXPECT_EQ(read_all(written("")), "");
}

TEST_F(TextFiles, Utf16OfBothByteOrdersWithAndWithoutMark) {
  const std::u16string text = u"id\t\u4E2D\u00E9\n\U0001F600 end\n";
  const std::string expected = "id\t中é\n😀 end\n";
  for (const bool big : {false, true}) {
    EXPECT_EQ(read_all(written(utf16(u"\uFEFF" + text, big))), expected);
    EXPECT_EQ(read_all(written(utf16(text, big))), expected);
  }
}

// Longer than a block of the source, with surrogate pairs across its edges.
TEST_F(TextFiles, LongUtf16) {
  std::u16string text = u"\uFEFFx";
  std::string expected = "x";
  for (int i = 0; i < 300'000; ++i) {
    text += u"\U0001F600";
    expected += "😀";
  }
  EXPECT_EQ(read_all(written(utf16(text, false))), expected);
}

TEST_F(TextFiles, BrokenUtf16BecomesReplacementCharacters) {
  EXPECT_EQ(read_all(written(utf16(u"\uFEFF"
                                   "a",
                                   false) +
                             utf16({u"\xD83D", 1}, false) + utf16(u"b", false))),
            "a\uFFFDb");
  EXPECT_EQ(read_all(written(utf16(u"\uFEFF"
                                   "ab",
                                   false) +
                             "c")),
            "ab\uFFFD");
}

TEST_F(TextFiles, PackedFiles) {
  const std::string text = "a\tb\nc\td\n";
  for (const Packing packing : {Packing::gzip, Packing::xz, Packing::zstd, Packing::bzip2}) {
    testing::write_packed(folder_ / "packed", text, packing);
    EXPECT_EQ(read_all(folder_ / "packed"), text);
  }
  testing::write_packed(folder_ / "packed",
                        utf16(u"\uFEFF"
                              "a\n",
                              true),
                        Packing::gzip);
  EXPECT_EQ(read_all(folder_ / "packed"), "a\n");
}

TEST_F(TextFiles, ArchivesOfOneFileOnly) {
  testing::write_tar(folder_ / "one.tar.gz", {{"a.tsv", "a"}}, Packing::gzip);
  EXPECT_EQ(read_all(folder_ / "one.tar.gz"), "a");
  testing::write_tar(folder_ / "two.tar.gz", {{"a.tsv", "a"}, {"b.tsv", "b"}}, Packing::gzip);
  EXPECT_THAT(message_of([&] { read_all(folder_ / "two.tar.gz"); }), HasSubstr("more than one file"));
  testing::write_tar(folder_ / "two.tar.gz",
                     {{"a.tsv", utf16(u"\uFEFF"
                                      "a",
                                      false)},
                      {"b.tsv", "b"}},
                     Packing::gzip);
  EXPECT_THAT(message_of([&] { read_all(folder_ / "two.tar.gz"); }), HasSubstr("more than one file"));
}

TEST_F(TextFiles, RefusesWhatIsNoText) {
  EXPECT_THAT(message_of([&] { TextFile(folder_ / "missing.tsv"); }),
              AllOf(HasSubstr("missing.tsv"), HasSubstr("No such file")));
  EXPECT_THAT(message_of([&] { TextFile(folder_.path()); }), HasSubstr("it is a folder"));
  const auto utf32 = written(std::string("\xFF\xFE\0\0a\0\0\0", 8));
  EXPECT_THAT(message_of([&] { read_all(utf32); }), HasSubstr("UTF-32"));
}

TEST_F(TextFiles, RefusesACutOffPackedFile) {
  testing::write_packed(folder_ / "packed.gz", std::string(100'000, 'a') + "b", Packing::gzip);
  const std::string bytes = read_file(folder_ / "packed.gz");
  write_file(folder_ / "cut.gz", bytes.substr(0, bytes.size() - 12));
  EXPECT_THAT(message_of([&] { read_all(folder_ / "cut.gz"); }), HasSubstr("cut.gz"));
}

}  // namespace
}  // namespace cloze
