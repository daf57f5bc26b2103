#include "engine/checkpoint/tensorflow_tokenizer.h"

#include <gmock/gmock.h>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;
using testing::logged;

constexpr const char* specials = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";

bool uncased(const std::string& pieces) {
  return lowercase_by_pieces(Vocabulary::parse(specials + pieces, "vocab.txt"));
}

class TensorflowTokenizerTest : public ::testing::Test {
 protected:
  fs::path model(const char* name, const std::string& pieces) {
    fs::create_directories(folder_ / name);
    write_file(folder_ / name / "vocab.txt", specials + pieces);
    return folder_ / name;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(TensorflowTokenizerTest, TheVocabularyTellsTheCasing) {
  EXPECT_TRUE(uncased("[unused1]\n<S>\nthe\n##s\nä\n中\n"));
  EXPECT_FALSE(uncased("the\nCat\n"));
  EXPECT_FALSE(uncased("##É\n"));
  EXPECT_FALSE(uncased("Ⅲ\n"));
}

TEST_F(TensorflowTokenizerTest, ThePublishedVocabulariesAreToldApart) {
  const fs::path folder = fs::path(CLOZE_SOURCE_DIR) / "../shared/data/vocab";
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is not there";
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.find("cased") == std::string::npos) continue;
    ++seen;
    EXPECT_EQ(lowercase_by_pieces(Vocabulary::load(entry.path())), name.find("uncased") != std::string::npos)
        << name;
  }
  EXPECT_EQ(seen, 2);
}

TEST_F(TensorflowTokenizerTest, GooglesReleasesByName) {
  for (const char* name : {"uncased_L-12_H-768_A-12", "uncased_L-2_H-128_A-2", "wwm_uncased_L-24_H-1024_A-16",
                           "multilingual_L-12_H-768_A-12", "chinese_L-12_H-768_A-12"}) {
    EXPECT_EQ(lowercase_by_release(name), true) << name;
  }
  for (const char* name :
       {"cased_L-12_H-768_A-12", "wwm_cased_L-24_H-1024_A-16", "multi_cased_L-12_H-768_A-12"}) {
    EXPECT_EQ(lowercase_by_release(name), false) << name;
  }
  for (const char* name : {"", "bert", "my_uncased_L-12_H-768_A-12", "uncased_L-12_H-768_A-12_v2"}) {
    EXPECT_EQ(lowercase_by_release(name), std::nullopt) << name;
  }
}

TEST_F(TensorflowTokenizerTest, TheNameStandsAboveTheVocabulary) {
  const auto found = read_tensorflow_tokenizer(model("uncased_L-2_H-128_A-2", "Cat\n"), 512, {});
  EXPECT_TRUE(found.options.lowercase);
  EXPECT_EQ(found.options.rules, TokenizerRules::google);
  EXPECT_EQ(found.options.word_limit(), 200);
  EXPECT_EQ(found.max_length, 512);
}

TEST_F(TensorflowTokenizerTest, WithoutAKnownNameTheVocabularyDecidesAndTheLogSaysSo) {
  const fs::path folder = model("mine", "Cat\n");
  EXPECT_THAT(logged([&] { EXPECT_FALSE(read_tensorflow_tokenizer(folder, 512, {}).options.lowercase); }),
              HasSubstr("taken as cased: the vocabulary has upper-case letters"));
}

TEST_F(TensorflowTokenizerTest, TheUserHasTheLastWord) {
  const fs::path folder = model("mine", "Cat\n");
  EXPECT_EQ(logged([&] { EXPECT_TRUE(read_tensorflow_tokenizer(folder, 512, true).options.lowercase); }), "");
}

TEST_F(TensorflowTokenizerTest, ButNotAgainstGooglesName) {
  const fs::path folder = model("cased_L-12_H-768_A-12", "Cat\n");
  EXPECT_THAT(
      error_of([&] { read_tensorflow_tokenizer(folder, 512, true); }),
      AllOf(HasSubstr("the model is cased, uncased was asked for"), HasSubstr("one of Google's cased")));
}

TEST_F(TensorflowTokenizerTest, NoVocabulary) {
  EXPECT_THAT(error_of([&] { read_tensorflow_tokenizer(folder_.path(), 512, {}); }),
              AllOf(HasSubstr("no vocabulary"), HasSubstr("vocab.txt")));
}

}  // namespace
}  // namespace cloze
