#include "engine/checkpoint/tensor_bundle.h"

#include <gmock/gmock.h>

#include "tests/checkpoint/bundle_support.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using testing::contents_of;
using testing::error_of;
using ::testing::HasSubstr;
using testing::table_of;
using testing::TableContents;

const fs::path golden = fs::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint/tensorflow_training";
constexpr const char* word_embeddings = "bert/embeddings/word_embeddings";

// A copy of the golden checkpoint, to be damaged.
class TensorBundleTest : public ::testing::Test {
 protected:
  TensorBundleTest() {
    for (const char* ending : {".index", ".data-00000-of-00002", ".data-00001-of-00002"}) {
      fs::copy_file((golden / "model.ckpt-7") += ending, file(ending));
    }
  }
  fs::path prefix() const { return folder_ / "model.ckpt"; }
  fs::path file(const char* ending) const { return prefix() += ending; }

  // The message of opening it and reading every tensor.
  std::string trouble() const {
    return error_of([&] {
      const TensorBundle bundle(prefix());
      for (size_t i = 0; i < bundle.tensors().size(); ++i) {
        if (bundle.holds_numbers(i)) bundle.values_of(bundle.tensors()[i].name);
      }
    });
  }
  void change_index(const std::function<void(TableContents&)>& change) const {
    TableContents contents = contents_of(read_file(file(".index")));
    change(contents);
    write_file(file(".index"), table_of(contents));
  }

  testing::TemporaryFolder folder_;
};

TEST_F(TensorBundleTest, ListsAllThatIsThere) {
  const TensorBundle bundle(prefix());
  EXPECT_EQ(bundle.shards(), 2u);
  EXPECT_EQ(bundle.tensors().size(), 92u);
  const auto info = [&](const char* name) {
    return bundle.tensors()[static_cast<size_t>(bundle.find(name))];
  };
  EXPECT_EQ(info("bert/embeddings/position_embeddings").type, "DT_HALF");
  EXPECT_EQ(info("bert/embeddings/token_type_embeddings").type, "DT_BFLOAT16");
  EXPECT_EQ(info("bert/pooler/dense/kernel").type, "DT_DOUBLE");
  EXPECT_EQ(info("global_step").type, "DT_INT64");
  EXPECT_EQ(info(word_embeddings).shape, (std::vector<int64_t>{12, 8}));
  EXPECT_THAT(bundle.values_of("global_step"), ::testing::ElementsAre(7));
}

TEST_F(TensorBundleTest, StringsAreListedButNotRead) {
  const TensorBundle bundle(prefix());
  const auto note = static_cast<size_t>(bundle.find("note"));
  EXPECT_FALSE(bundle.holds_numbers(note));
  EXPECT_EQ(bundle.tensors()[note].type, "DT_STRING");
  EXPECT_THAT(error_of([&] { bundle.values_of("note"); }), HasSubstr("DT_STRING, which holds no numbers"));
}

TEST_F(TensorBundleTest, ThePlaceMustBeOfTheTensorsSize) {
  const TensorBundle bundle(prefix());
  std::vector<float> small(3);
  EXPECT_THAT(error_of([&] { bundle.read(0, small); }), HasSubstr("the place for it holds 3 values"));
}

TEST_F(TensorBundleTest, AMissingShard) {
  fs::remove(file(".data-00001-of-00002"));
  EXPECT_THAT(trouble(), AllOf(HasSubstr("a part of the TensorFlow checkpoint is missing"),
                               HasSubstr("model.ckpt.data-00001-of-00002")));
}

TEST_F(TensorBundleTest, DataCutShort) {
  fs::resize_file(file(".data-00001-of-00002"), 1000);
  EXPECT_THAT(trouble(), AllOf(HasSubstr("cannot be read"), HasSubstr("beyond the 1000 bytes")));
}

TEST_F(TensorBundleTest, DataOfAnotherChecksum) {
  std::string data = read_file(file(".data-00000-of-00002"));
  data[100] = static_cast<char>(data[100] ^ 1);
  write_file(file(".data-00000-of-00002"), data);
  EXPECT_THAT(trouble(), AllOf(HasSubstr("is damaged"), HasSubstr("checksum"),
                               HasSubstr("model.ckpt.data-00000-of-00002")));
}

TEST_F(TensorBundleTest, AnIndexCutShort) {
  fs::resize_file(file(".index"), 100);
  EXPECT_THAT(trouble(), AllOf(HasSubstr("not a valid index"), HasSubstr("model.ckpt.index")));
}

TEST_F(TensorBundleTest, ASizeThatIsNotTheShapes) {
  // [4] of DT_FLOAT, in shard 0, 12 bytes
  change_index(
      [](TableContents& table) { table["short"] = std::string("\x08\1\x12\4\x12\2\x08\4\x28\x0c"); });
  EXPECT_THAT(trouble(),
              AllOf(HasSubstr("`short`"), HasSubstr("12 bytes, which is not what [4] of DT_FLOAT")));
}

TEST_F(TensorBundleTest, AShardThatIsNotThere) {
  change_index([](TableContents& table) { table["lost"] = std::string("\x08\1\x18\5\x28\4"); });
  EXPECT_THAT(trouble(), AllOf(HasSubstr("`lost`"), HasSubstr("shard 5 of 2")));
}

TEST_F(TensorBundleTest, AnOffsetThatOverflows) {
  change_index([](TableContents& table) {
    table["far"] = std::string("\x08\1\x20\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x28\4");
  });
  EXPECT_THAT(trouble(), AllOf(HasSubstr("`far`"), HasSubstr("lie beyond")));
}

TEST_F(TensorBundleTest, AShapeThatOverflows) {
  change_index([](TableContents& table) {  // [2^40, 2^40]
    const std::string dimension("\x12\7\x08\x80\x80\x80\x80\x80\x20");
    table["huge"] = "\x08\1\x12\x12" + dimension + dimension;
  });
  EXPECT_THAT(trouble(), AllOf(HasSubstr("`huge`"), HasSubstr("is not what")));
}

TEST_F(TensorBundleTest, AMissingPart) {
  change_index([](TableContents& table) {
    table.erase(slice_key(word_embeddings, {{.start = 4, .length = 4}, {.start = 0, .length = 8}}));
    table.erase(slice_key(word_embeddings, {{.start = 4, .length = 4}, {}}));
  });
  EXPECT_THAT(trouble(), AllOf(HasSubstr(word_embeddings), HasSubstr("is not in the index")));
}

}  // namespace
}  // namespace cloze
