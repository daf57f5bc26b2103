#include "engine/text/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

using testing::HasSubstr;

class VocabularyFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  Vocabulary load(std::string_view bytes) {
    write_file(path_, bytes);
    return Vocabulary::load(path_);
  }

  std::string message_of(std::string_view bytes) {
    try {
      load(bytes);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      (std::string("cloze_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".txt");
};

constexpr std::string_view specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

TEST_F(VocabularyFile, NumbersAreLines) {
  const Vocabulary vocabulary = load(std::string(specials) + "the\n##ing\n");
  EXPECT_EQ(vocabulary.size(), 7);
  EXPECT_EQ(vocabulary.find("the"), 5);
  EXPECT_EQ(vocabulary.piece(6), "##ing");
  EXPECT_EQ(vocabulary.find("The"), std::nullopt);
  EXPECT_EQ(vocabulary.pad_id(), 0);
  EXPECT_EQ(vocabulary.unknown_id(), 1);
  EXPECT_EQ(vocabulary.classify_id(), 2);
  EXPECT_EQ(vocabulary.separator_id(), 3);
  EXPECT_EQ(vocabulary.mask_id(), 4);
}

TEST_F(VocabularyFile, LinesAreStrippedOfUnicodeSpace) {
  const Vocabulary vocabulary =
      load("[PAD]\r\n [UNK]\t\r\n\u3000[CLS]\u2028\n[SEP]\x1f\r\na b\n\xC2\x85x\xC2\xA0");
  EXPECT_EQ(vocabulary.size(), 6);
  EXPECT_EQ(vocabulary.find("[CLS]"), 2);
  EXPECT_EQ(vocabulary.find("[SEP]"), 3);
  EXPECT_EQ(vocabulary.find("a b"), 4);
  EXPECT_EQ(vocabulary.find("x"), 5);
}

TEST_F(VocabularyFile, AnEmptyLineIsAPiece) {
  const Vocabulary vocabulary = load(std::string(specials) + "a\n\nb\n\n");
  EXPECT_EQ(vocabulary.size(), 9);
  EXPECT_EQ(vocabulary.find(""), 8);  // the last one wins
  EXPECT_EQ(vocabulary.find("b"), 7);
}

TEST_F(VocabularyFile, OfDuplicatesTheLastWins) {
  const Vocabulary vocabulary = load(std::string(specials) + "a\nb\na\nc\n");
  EXPECT_EQ(vocabulary.find("a"), 7);
  EXPECT_EQ(vocabulary.piece(5), "a");
  // BERT's vocab_words keeps the place of the first.
  const std::vector<int32_t> distinct(vocabulary.distinct_ids().begin(), vocabulary.distinct_ids().end());
  EXPECT_EQ(distinct, (std::vector<int32_t>{0, 1, 2, 3, 4, 7, 6, 8}));
}

TEST_F(VocabularyFile, AByteOrderMarkIsNoPartOfThePiece) {
  EXPECT_EQ(load("\xEF\xBB\xBF" + std::string(specials)).pad_id(), 0);
}

TEST_F(VocabularyFile, MissingSpecialPieces) {
  EXPECT_THAT(message_of("[PAD]\n[CLS]\n[SEP]\n"), HasSubstr("has no [UNK]"));
  EXPECT_THAT(message_of("[UNK]\n[CLS]\n[SEP]\n"), HasSubstr("has no [PAD]"));
  EXPECT_THAT(message_of("[PAD]\n[UNK]\n[SEP]\n"), HasSubstr("has no [CLS]"));
  EXPECT_THAT(message_of("[PAD]\n[UNK]\n[CLS]\n"),
              AllOf(HasSubstr("has no [SEP]"), HasSubstr(path_.string())));
  EXPECT_THAT(message_of(""), HasSubstr("has no [PAD]"));
}

TEST_F(VocabularyFile, AMaskIsAskedForOnlyWhenNeeded) {
  const Vocabulary vocabulary = load("[PAD]\n[UNK]\n[CLS]\n[SEP]\n");
  EXPECT_THROW(vocabulary.mask_id(), Error);
  EXPECT_THROW(vocabulary.require_mask(), Error);
}

TEST_F(VocabularyFile, BadBytesAreReportedWithTheirLine) {
  EXPECT_THAT(message_of("[PAD]\n[UNK]\n\xFFx\n"),
              AllOf(HasSubstr("not UTF-8"), HasSubstr(path_.string() + ":3")));
  EXPECT_THAT(message_of(std::string("[PAD]\na\0b\n", 10)), AllOf(HasSubstr("NUL"), HasSubstr(":2")));
}

TEST_F(VocabularyFile, NoFile) {
  EXPECT_THROW(Vocabulary::load(path_ / "missing"), Error);
}

TEST_F(VocabularyFile, BadNumbers) {
  const Vocabulary vocabulary = load(specials);
  EXPECT_THROW(vocabulary.piece(-1), Error);
  EXPECT_THROW(vocabulary.piece(5), Error);
}

TEST_F(VocabularyFile, TextAndDigest) {
  const Vocabulary vocabulary = load(std::string(specials) + "a\r\n\r\nb");
  EXPECT_EQ(vocabulary.text(), std::string(specials) + "a\n\nb\n");
  EXPECT_EQ(load(vocabulary.text()).digest(), vocabulary.digest());
  EXPECT_NE(load(specials).digest(), vocabulary.digest());
}

TEST_F(VocabularyFile, MovingKeepsLookUpsValid) {
  Vocabulary first({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "x"});
  const Vocabulary second = std::move(first);
  EXPECT_EQ(second.find("x"), 4);
}

TEST(Vocabulary, GooglesUncasedVocabulary) {
  const std::filesystem::path path = CLOZE_SOURCE_DIR "/../shared/data/vocab/bert-base-uncased-vocab.txt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path;
  const Vocabulary vocabulary = Vocabulary::load(path);
  EXPECT_EQ(vocabulary.size(), 30522);
  EXPECT_EQ(vocabulary.distinct_ids().size(), 30522u);
  EXPECT_EQ(vocabulary.mask_id(), 103);
  EXPECT_EQ(vocabulary.text(), read_file(path));
}

}  // namespace
}  // namespace cloze
