#include "engine/checkpoint/tensorflow_files.h"

#include <gmock/gmock.h>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;

class TensorflowFilesTest : public ::testing::Test {
 protected:
  void put(const char* name, const char* text = "x") { write_file(folder_ / name, text); }
  testing::TemporaryFolder folder_;
};

TEST_F(TensorflowFilesTest, AReleaseByAnyOfItsNames) {
  put("bert_model.ckpt.index");
  put("bert_model.ckpt.data-00000-of-00001");
  put("bert_model.ckpt.meta");
  const fs::path prefix = folder_ / "bert_model.ckpt";
  EXPECT_EQ(find_tensorflow_prefix(folder_.path()), prefix);
  EXPECT_EQ(find_tensorflow_prefix(prefix), prefix);
  EXPECT_EQ(find_tensorflow_prefix(folder_ / "bert_model.ckpt.index"), prefix);
  EXPECT_EQ(find_tensorflow_prefix(folder_ / "bert_model.ckpt.data-00000-of-00001"), prefix);
}

TEST_F(TensorflowFilesTest, NothingOfTensorFlows) {
  put("config.json");
  EXPECT_EQ(find_tensorflow_prefix(folder_.path()), std::nullopt);
  EXPECT_EQ(find_tensorflow_prefix(folder_ / "config.json"), std::nullopt);
  EXPECT_EQ(find_tensorflow_prefix(folder_ / "nowhere"), std::nullopt);
  EXPECT_EQ(find_tensorflow_prefix(folder_ / "no/where"), std::nullopt);
}

TEST_F(TensorflowFilesTest, ATrainingFolderNamesItsLatest) {
  put("model.ckpt-10.index");
  put("model.ckpt-9.index");
  put("checkpoint",
      "model_checkpoint_path: \"model.ckpt-9\"\nall_model_checkpoint_paths: \"model.ckpt-10\"\n");
  EXPECT_EQ(find_tensorflow_prefix(folder_.path()), folder_ / "model.ckpt-9");
  put("checkpoint", "model_checkpoint_path: \"/another/machine/model.ckpt-10\"\n");
  EXPECT_EQ(find_tensorflow_prefix(folder_.path()), folder_ / "model.ckpt-10");
}

TEST_F(TensorflowFilesTest, NamesAreUnescaped) {
  put("mod\xc3\xa8le \"1\".index");
  put("checkpoint", "model_checkpoint_path: \"mod\\303\\250le \\\"1\\\"\"\n");
  EXPECT_EQ(find_tensorflow_prefix(folder_.path()), folder_ / "mod\xc3\xa8le \"1\"");
}

TEST_F(TensorflowFilesTest, WhatCannotBeFoundIsSaid) {
  put("a.index");
  put("b.index");
  EXPECT_THAT(error_of([&] { find_tensorflow_prefix(folder_.path()); }),
              AllOf(HasSubstr("several TensorFlow checkpoints"), HasSubstr("a, b")));
  put("checkpoint", "model_checkpoint_path: \"model.ckpt-3\"\n");
  EXPECT_THAT(
      error_of([&] { find_tensorflow_prefix(folder_.path()); }),
      AllOf(HasSubstr("latest checkpoint of the training folder is not there"), HasSubstr("model.ckpt-3")));
  put("checkpoint", "model_checkpoint_path: \"\n");
  EXPECT_THAT(error_of([&] { find_tensorflow_prefix(folder_.path()); }),
              HasSubstr("does not say which checkpoint is the latest"));
}

TEST_F(TensorflowFilesTest, DataWithoutTheirIndex) {
  put("bert_model.ckpt.data-00000-of-00001");
  for (const fs::path& path : {folder_.path(), folder_ / "bert_model.ckpt"}) {
    EXPECT_THAT(error_of([&] { find_tensorflow_prefix(path); }),
                AllOf(HasSubstr("has no index"), HasSubstr("bert_model.ckpt.index")));
  }
}

}  // namespace
}  // namespace cloze
