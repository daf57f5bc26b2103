// What open_model says of folders that do not fit together.
#include "engine/checkpoint/model_files.h"

#include <gmock/gmock.h>

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/model/bert_parameters.h"
#include "tests/checkpoint/bundle_support.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;
using testing::logged;

const fs::path golden = fs::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint";

class ModelFilesTest : public ::testing::Test {
 protected:
  void copy(const char* name) {
    fs::copy(golden / name, folder_.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  void replace(const char* file, const std::string& old_text, const std::string& new_text) {
    std::string text = read_file(folder_ / file);
    const size_t at = text.find(old_text);
    ASSERT_NE(at, std::string::npos) << old_text;
    write_file(folder_ / file, text.replace(at, old_text.size(), new_text));
  }
  std::string trouble() {
    return error_of([&] { open_model(folder_.path()); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(ModelFilesTest, AnOlderSentenceTransformersFolder) {
  fs::copy(golden / "pretraining", folder_ / "0_Transformer");
  EXPECT_THAT(trouble(), HasSubstr("there is no model here"));
  write_file(folder_ / "modules.json",
             R"([{"idx": 0, "path": "0_Transformer"}, {"idx": 1, "path": "1_Pooling"}])");
  EXPECT_EQ(open_model(folder_.path()).config().bert.hidden_size, 12);
  for (const char* nonsense :
       {"[]", "{}", R"([{"path": ""}])", R"([{"path": ".."}])", R"([{"path": "a/b"}])"}) {
    write_file(folder_ / "modules.json", nonsense);
    EXPECT_THAT(trouble(), HasSubstr("there is no model here")) << nonsense;
  }
}

TEST_F(ModelFilesTest, AFolderWithNothing) {
  EXPECT_THAT(trouble(), AllOf(HasSubstr("there is no model here"), HasSubstr("it has no config.json"),
                               HasSubstr(folder_.path().string())));
}

TEST_F(ModelFilesTest, AHuggingfaceFolderWithoutConfig) {
  copy("pretraining");
  fs::remove(folder_ / "config.json");
  EXPECT_THAT(trouble(), HasSubstr("it has no config.json"));
}

TEST_F(ModelFilesTest, ATensorflowCheckpointWithoutConfig) {
  copy("tensorflow_training");
  fs::remove(folder_ / "bert_config.json");
  EXPECT_THAT(trouble(), AllOf(HasSubstr("no configuration"), HasSubstr("bert_config.json")));
}

TEST_F(ModelFilesTest, ATensorflowCheckpointWithoutVocabulary) {
  copy("tensorflow_training");
  fs::remove(folder_ / "vocab.txt");
  EXPECT_THAT(trouble(), AllOf(HasSubstr("no vocabulary"), HasSubstr("vocab.txt")));
}

TEST_F(ModelFilesTest, ATensorflowCheckpointOfAnotherModel) {
  copy("tensorflow_training");
  testing::TableContents table = testing::contents_of(read_file(folder_ / "model.ckpt-7.index"));
  std::erase_if(table, [](const auto& entry) { return entry.first.find("bert/") != std::string::npos; });
  write_file(folder_ / "model.ckpt-7.index", testing::table_of(table));
  EXPECT_THAT(trouble(), AllOf(HasSubstr("holds no BERT"), HasSubstr("no bert/embeddings/word_embeddings"),
                               HasSubstr("cls/predictions/output_bias")));
}

TEST_F(ModelFilesTest, AConfigurationOfAnotherSize) {
  copy("tensorflow_training");
  replace("bert_config.json", "\"hidden_size\": 8", "\"hidden_size\": 16");
  EXPECT_THAT(trouble(),
              AllOf(HasSubstr("the configuration does not fit the weights"),
                    HasSubstr("word_embeddings.weight should be [12, 16]"), HasSubstr("it is [12, 8]")));
  copy("pretraining");
  fs::remove(folder_ / "checkpoint");
  replace("config.json", "\"max_position_embeddings\": 6", "\"max_position_embeddings\": 512");
  EXPECT_THAT(trouble(),
              AllOf(HasSubstr("config.json"), HasSubstr("position_embeddings.weight should be [512, 12]"),
                    HasSubstr("it is [6, 12]")));
}

TEST_F(ModelFilesTest, AVocabularyOfAnotherSize) {
  copy("tensorflow_training");
  write_file(folder_ / "vocab.txt", read_file(folder_ / "vocab.txt") + "more\n");
  EXPECT_THAT(trouble(), AllOf(HasSubstr("the vocabulary does not fit the model"),
                               HasSubstr("13 pieces, the model has embeddings for 12")));
}

TEST_F(ModelFilesTest, AVocabularyMuchSmallerThanTheEmbedding) {
  copy("pretraining");
  replace("config.json", "\"vocab_size\": 12", "\"vocab_size\": 1036");
  EXPECT_THAT(trouble(), HasSubstr("12 pieces, the model has embeddings for 1036"));
}

TEST_F(ModelFilesTest, AFewSpareRowsAreWarnedOf) {
  copy("tensorflow_training");
  replace("vocab.txt", "##t\n", "");
  EXPECT_THAT(logged([&] { open_model(folder_.path()); }), HasSubstr("the last 1 are never used"));
}

TEST_F(ModelFilesTest, ASafetensorsHeaderThatLies) {
  copy("pretraining");
  std::string weights = read_file(folder_ / "model.safetensors");
  weights[4] = '\x7f';  // of the header's length
  write_file(folder_ / "model.safetensors", weights);
  EXPECT_THAT(trouble(), AllOf(HasSubstr("not a valid safetensors file"), HasSubstr("model.safetensors")));
  copy("pretraining");
  fs::resize_file(folder_ / "model.safetensors", fs::file_size(folder_ / "model.safetensors") - 4);
  EXPECT_THAT(trouble(), HasSubstr("not a valid safetensors file"));
}

TEST_F(ModelFilesTest, TheUserMaySayTheCasingOfAHuggingfaceFolder) {
  copy("pretraining");
  EXPECT_THAT(logged([&] {
                EXPECT_TRUE(open_model(folder_.path(), {.lowercase = true}).tokenizer().options.lowercase);
              }),
              HasSubstr("its tokenizer is cased, but uncased was asked for"));
  EXPECT_EQ(logged([&] { open_model(folder_.path(), {.lowercase = false}); }), "");
}

}  // namespace
}  // namespace cloze
