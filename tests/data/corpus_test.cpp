#include "engine/data/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/base/error.h"
#include "engine/data/corpus_writer.h"
#include "tests/data/input_files.h"
#include "tests/data/test_corpus.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<testing::Document> two_documents = {{{5, 6, 7}, {8}}, {{9, 5}}};

class CorpusFolder : public ::testing::Test {
 protected:
  std::string message_of(const std::function<void()>& call) const {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  std::string message_of_open() const {
    return message_of([&] { Corpus::open(folder_ / "c"); });
  }
  void change(const char* name, const std::function<void(std::string&)>& edit) const {
    std::string bytes = read_file(folder_ / "c" / name);
    edit(bytes);
    testing::write_text(folder_ / "c" / name, bytes);
  }

  const testing::TemporaryFolder folder_;
};

TEST_F(CorpusFolder, GivesBackWhatWasWritten) {
  for (const int32_t vocabulary_size : {12, 70000}) {  // ids of 16 and of 32 bits
    std::vector<testing::Document> documents = two_documents;
    documents[0][0][1] = vocabulary_size - 1;
    const testing::TemporaryFolder folder;
    const auto corpus =
        testing::make_corpus(folder.path(), documents, testing::numbered_pieces(vocabulary_size));
    EXPECT_EQ(corpus->manifest().token_bytes, vocabulary_size == 12 ? 2 : 4);
    ASSERT_EQ(corpus->documents(), 2u);
    EXPECT_EQ(corpus->sentences(), 3u);
    EXPECT_EQ(corpus->tokens(), 6u);
    for (uint32_t d = 0; d < 2; ++d) {
      const DocumentView view = corpus->document(d);
      ASSERT_EQ(view.sentences(), documents[d].size());
      for (size_t s = 0; s < view.sentences(); ++s) {
        std::vector<int32_t> ids(view.length(s));
        corpus->copy_tokens(view.first_token + view.begin(s), ids.size(), ids.data());
        EXPECT_EQ(ids, documents[d][s]);
      }
    }
    corpus->verify();
  }
}

TEST_F(CorpusFolder, EmptySentencesAndDocumentsDoNotComeToBe) {
  const auto corpus =
      testing::make_corpus(folder_.path(), {{}, {{}, {5}, {}}, {{}}, {{6}}}, testing::numbered_pieces(8));
  EXPECT_EQ(corpus->documents(), 2u);
  EXPECT_EQ(corpus->sentences(), 2u);
  corpus->verify();
}

TEST_F(CorpusFolder, UnigramEntropy) {
  // Counts 0 … 0, 3, 1 over 7 pieces, 4 tokens: add-one gives 4/11 and 2/11.
  const auto corpus = testing::make_corpus(folder_.path(), {{{5, 5, 5, 6}}}, testing::numbered_pieces(7));
  EXPECT_THAT(corpus->unigrams(), ElementsAre(0, 0, 0, 0, 0, 3, 1));
  EXPECT_NEAR(corpus->unigram_entropy(), -(0.75 * std::log(4.0 / 11) + 0.25 * std::log(2.0 / 11)), 1e-12);
}

TEST_F(CorpusFolder, EveryDamageIsNoticed) {
  const auto fresh = [&] {
    testing::write_corpus(folder_ / "c", two_documents, testing::numbered_pieces(12));
  };
  for (const char* name :
       {CorpusFiles::sentences, CorpusFiles::documents, CorpusFiles::unigrams, CorpusFiles::vocabulary}) {
    fresh();
    change(name, [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; });
    EXPECT_THAT(message_of_open(), HasSubstr(name));
  }
  for (const char* name :
       {CorpusFiles::tokens, CorpusFiles::sentences, CorpusFiles::documents, CorpusFiles::unigrams}) {
    fresh();
    change(name, [](std::string& bytes) { bytes.pop_back(); });
    EXPECT_THAT(message_of_open(), HasSubstr(name));
    std::filesystem::remove(folder_ / "c" / name);
    EXPECT_THAT(message_of_open(), HasSubstr(name));
  }
}

TEST_F(CorpusFolder, DamagedTokensAreNoticedByVerifyOrWhenRead) {
  testing::write_corpus(folder_ / "c", two_documents, testing::numbered_pieces(12));
  change(CorpusFiles::tokens, [](std::string& bytes) { bytes[2] ^= 1; });
  EXPECT_THAT(message_of([&] { Corpus::open(folder_ / "c")->verify(); }), HasSubstr("tokens.bin"));
  change(CorpusFiles::tokens, [](std::string& bytes) { bytes[3] = 1; });
  const auto corpus = Corpus::open(folder_ / "c");
  std::vector<int32_t> ids(6);
  EXPECT_THAT(message_of([&] { corpus->copy_tokens(0, 6, ids.data()); }), HasSubstr("not in the vocabulary"));
  EXPECT_THAT(message_of([&] { corpus->copy_tokens(4, 3, ids.data()); }), HasSubstr("damaged"));
  EXPECT_THAT(message_of([&] { corpus->copy_tokens(~uint64_t{0}, 1, ids.data()); }), HasSubstr("damaged"));
}

TEST_F(CorpusFolder, BadManifestsAreNamed) {
  const auto with_manifest = [&](const std::function<void(std::string&)>& edit) {
    testing::write_corpus(folder_ / "c", two_documents, testing::numbered_pieces(12));
    change(CorpusFiles::manifest, edit);
    return message_of_open();
  };
  const auto replace = [](const char* from, const char* to) {
    return [from, to](std::string& text) { text.replace(text.find(from), std::string(from).size(), to); };
  };
  EXPECT_THAT(with_manifest(replace("\"format_version\": 1", "\"format_version\": 9")),
              HasSubstr("version 9"));
  EXPECT_THAT(with_manifest(replace("cloze corpus", "other")), HasSubstr("manifest.json"));
  EXPECT_THAT(with_manifest(replace("\"tokens\"", "\"tok\"")), HasSubstr("tokens"));
  EXPECT_THAT(with_manifest(replace("\"tokens\": 6", "\"tokens\": 7")), HasSubstr("tokens.bin"));
  EXPECT_THAT(with_manifest([](std::string& text) { text.resize(text.size() / 2); }),
              HasSubstr("manifest.json"));
  EXPECT_THAT(with_manifest(replace("\"token_bytes\": 2", "\"token_bytes\": 3")), HasSubstr("token_bytes"));
  EXPECT_THAT(message_of([&] { Corpus::open(folder_ / "none"); }), HasSubstr("no prepared corpus"));
}

TEST_F(CorpusFolder, AnotherVocabularyIsNoticed) {
  testing::write_corpus(folder_ / "c", two_documents, testing::numbered_pieces(12));
  const std::string other = Vocabulary(testing::numbered_pieces(12, {7}), "other").text();
  change(CorpusFiles::vocabulary, [&](std::string& text) { text = other; });
  EXPECT_THAT(message_of_open(), HasSubstr("vocab.txt"));
}

TEST_F(CorpusFolder, ManifestsSurviveWritingAndReading) {
  CorpusManifest manifest;
  manifest.vocabulary_digest = "abc";
  manifest.vocabulary_size = 12;
  manifest.tokenizer.lowercase = false;
  manifest.tokenizer.rules = TokenizerRules::huggingface;
  manifest.counts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  manifest.duplicates = {4, 100, 75};
  manifest.inputs = {{"/a/é \"x\".txt", 12, 34}};
  manifest.files = {{"tokens.bin", 6, "00"}};
  const CorpusManifest again = parse_corpus_manifest(to_json(manifest), "m");
  EXPECT_EQ(to_json(again), to_json(manifest));
  EXPECT_TRUE(differences(again, manifest).empty());
  EXPECT_EQ(again.counts.split_documents, 10u);
  EXPECT_DOUBLE_EQ(again.duplicates.rate(), 0.25);
  CorpusManifest other = manifest;
  other.tokenizer.lowercase = true;
  other.inputs[0].modified = 35;
  EXPECT_EQ(differences(manifest, other).size(), 2u);
}

TEST_F(CorpusFolder, AWriterGoesOnWhereAnotherStopped) {
  std::filesystem::create_directory(folder_ / "a");
  std::filesystem::create_directory(folder_ / "b");
  CorpusWriter whole(folder_ / "a", 2);
  WriterPosition saved;
  {
    CorpusWriter first(folder_ / "b", 2);
    for (CorpusWriter* writer : {&whole, &first}) {
      writer->append_sentence(std::vector<int32_t>{5, 6});
      writer->end_document();
      writer->append_sentence(std::vector<int32_t>{7});
    }
    saved = first.sync();
    first.append_sentence(std::vector<int32_t>{1, 1, 1, 1});  // lost
    first.sync();
  }
  CorpusWriter second(folder_ / "b", 2, saved);
  for (CorpusWriter* writer : {&whole, &second}) {
    writer->append_sentence(std::vector<int32_t>{8, 9});
    writer->finish();
  }
  for (const char* name : {CorpusFiles::tokens, CorpusFiles::sentences, CorpusFiles::documents}) {
    EXPECT_EQ(read_file(folder_ / "a" / name), read_file(folder_ / "b" / name)) << name;
  }
  saved.tokens = 1000;
  EXPECT_THROW(CorpusWriter(folder_ / "b", 2, saved), Error);
}

}  // namespace
}  // namespace cloze
