// Checkpoints that TensorFlow wrote (tests/golden/checkpoint/make_tensorflow_golden.py), and a published one.
#include <gmock/gmock.h>

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/tensorflow_weights.h"
#include "tests/checkpoint/bundle_support.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using testing::error_of;
using ::testing::HasSubstr;

const fs::path golden = fs::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint";

// Every tensor of `found` is among the expected ones with the same shape and bits; returns how many.
size_t expect_same(const TensorSource& found, const TensorSource& expected) {
  for (const TensorInfo& info : found.tensors()) {
    const int64_t index = expected.find(info.name);
    if (index < 0) {
      ADD_FAILURE() << info.name << " is not expected";
      continue;
    }
    EXPECT_EQ(info.shape, expected.tensors()[static_cast<size_t>(index)].shape) << info.name;
    EXPECT_EQ(found.values_of(info.name), expected.values_of(info.name)) << info.name;
  }
  return found.tensors().size();
}

void expect_the_training_golden(const Checkpoint& checkpoint) {
  const SafetensorsFile expected(golden / "tensorflow_training/expected/tensors.safetensors");
  EXPECT_EQ(expect_same(checkpoint.parameters(), expected), 30u);
  EXPECT_EQ(expect_same(*checkpoint.optimizer(), expected), 60u);
  EXPECT_EQ(expected.tensors().size(), 90u);
}

TEST(TensorflowGolden, ATrainingFolder) {
  const Checkpoint checkpoint = open_model(golden / "tensorflow_training");
  expect_the_training_golden(checkpoint);
  EXPECT_EQ(checkpoint.step(), 7);
  EXPECT_TRUE(checkpoint.has_moments());
  EXPECT_FALSE(checkpoint.resumable());
  EXPECT_FALSE(checkpoint.manifest());
  EXPECT_EQ(checkpoint.config().architecture, "BertForPreTraining");
  EXPECT_EQ(checkpoint.config().bert.token_types, 16);
  EXPECT_EQ(checkpoint.config().bert.activation, Activation::gelu_tanh);
  EXPECT_FALSE(checkpoint.tokenizer().options.lowercase);
  EXPECT_EQ(checkpoint.tokenizer().options.rules, TokenizerRules::google);
}

TEST(TensorflowGolden, EveryTensorIsAccountedFor) {
  const BundleInventory inventory = inventory_of(TensorBundle(golden / "tensorflow_training/model.ckpt-7"));
  EXPECT_EQ(inventory.parameters.size(), 30u);
  EXPECT_EQ(inventory.moments.size(), 60u);
  EXPECT_TRUE(inventory.global_step);
  EXPECT_THAT(inventory.without_numbers, ::testing::ElementsAre("note"));
  EXPECT_TRUE(inventory.other_slots.empty());
  EXPECT_TRUE(inventory.other_variables.empty());
}

TEST(TensorflowGolden, TheSameWithACompressedIndex) {
  const testing::TemporaryFolder folder;
  fs::copy(golden / "tensorflow_training", folder.path(),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  const fs::path index = folder / "model.ckpt-7.index";
  const std::string plain = read_file(index);
  write_file(index, testing::table_of(testing::contents_of(plain), leveldb::kSnappyCompression));
  ASSERT_LT(fs::file_size(index), plain.size());
  expect_the_training_golden(open_model(folder / "model.ckpt-7"));
}

TEST(TensorflowGolden, AClassifierWithoutSlots) {
  const Checkpoint checkpoint = open_model(golden / "uncased_L-1_H-8_A-2/bert_model.ckpt");
  const SafetensorsFile expected(golden / "uncased_L-1_H-8_A-2/expected/tensors.safetensors");
  EXPECT_EQ(expect_same(checkpoint.parameters(), expected), expected.tensors().size());
  EXPECT_EQ(checkpoint.config().architecture, "BertForSequenceClassification");
  EXPECT_THAT(checkpoint.config().labels, ::testing::ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
  EXPECT_EQ(checkpoint.config().bert.activation, Activation::relu);
  EXPECT_TRUE(checkpoint.tokenizer().options.lowercase)
      << "by its folder's name, whatever its vocabulary holds";
  EXPECT_EQ(checkpoint.step(), std::nullopt);
  EXPECT_FALSE(checkpoint.has_moments());
  EXPECT_THAT(error_of([&] { checkpoint.optimizer(); }), HasSubstr("holds no adam_m and adam_v"));
}

TEST(TensorflowGolden, APublishedCheckpoint) {
  const fs::path folder = fs::path(CLOZE_SOURCE_DIR) / "../shared/data/checkpoints/tensorflow-tiny";
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const Checkpoint checkpoint = open_model(folder);
  EXPECT_EQ(checkpoint.config().architecture, "BertForPreTraining");
  EXPECT_TRUE(checkpoint.tokenizer().options.lowercase);
  const BundleInventory inventory = inventory_of(*checkpoint.tensorflow());
  EXPECT_EQ(inventory.parameters.size(), 46u);
  EXPECT_EQ(inventory.moments.size(), 92u);
  EXPECT_TRUE(inventory.global_step);
  EXPECT_EQ(checkpoint.tensorflow()->tensors().size(), 46u + 92u + 1u);
  for (const TensorInfo& info : checkpoint.parameters().tensors()) {
    EXPECT_NO_THROW(checkpoint.parameters().values_of(info.name)) << info.name;
  }
  const auto moments = checkpoint.optimizer();
  for (const TensorInfo& info : moments->tensors()) {
    EXPECT_NO_THROW(moments->values_of(info.name)) << info.name;
  }
}

}  // namespace
}  // namespace cloze
