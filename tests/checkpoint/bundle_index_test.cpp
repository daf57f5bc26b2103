#include "engine/checkpoint/bundle_index.h"

#include <gmock/gmock.h>

#include "engine/base/crc32c.h"
#include "tests/checkpoint/bundle_support.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using testing::contents_of;
using testing::error_of;
using ::testing::HasSubstr;
using testing::header_of;
using testing::table_of;

const std::filesystem::path golden = std::filesystem::path(CLOZE_SOURCE_DIR) / "tests/golden/checkpoint";

std::string golden_index() {
  return read_file(golden / "tensorflow_training/model.ckpt-7.index");
}

BundleIndex parse(const std::string& file) {
  return parse_bundle_index(file, "x.index");
}

TEST(BundleIndex, WhatTensorFlowWrote) {
  const BundleIndex index = parse(golden_index());
  EXPECT_EQ(index.header.shards, 2);
  EXPECT_EQ(index.entries.size(), 92u + 3 + 2);  // and the parts of two variables
  EXPECT_EQ(index.entries.at("bert/embeddings/word_embeddings").slices.size(), 3u);
}

// Until 2017 and inside Google since then, TensorFlow compresses its tables.
TEST(BundleIndex, CompressedBlocks) {
  const std::string plain = golden_index();
  const std::string compressed = table_of(contents_of(plain), leveldb::kSnappyCompression);
  ASSERT_LT(compressed.size(), plain.size());
  const BundleIndex expected = parse(plain), found = parse(compressed);
  EXPECT_EQ(found.header.shards, 2);
  ASSERT_EQ(found.entries.size(), expected.entries.size());
  for (const auto& [name, entry] : expected.entries) {
    EXPECT_EQ(found.entries.at(name).checksum, entry.checksum) << name;
    EXPECT_EQ(found.entries.at(name).offset, entry.offset) << name;
  }
}

TEST(BundleIndex, AFileCutShortIsRefusedWhereverItIsCut) {
  const std::string file = golden_index();
  for (size_t size = 0; size < file.size(); size += size < 64 ? 1 : 37) {
    EXPECT_THAT(error_of([&] { parse(file.substr(0, size)); }), HasSubstr("not a valid index")) << size;
  }
}

TEST(BundleIndex, AChangedByteIsNoticed) {
  const std::string file = golden_index();
  for (size_t at = 0; at < file.size() - 48; at += 101) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_THAT(error_of([&] { parse(changed); }), HasSubstr("not a valid index")) << at;
  }
}

TEST(BundleIndex, AFooterThatAsksForTooMuchIsRefused) {
  std::string file = golden_index();
  const size_t footer = file.size() - 48;
  for (size_t i = 0; i < 9; ++i) file[footer + i] = '\xff';
  file[footer + 9] = '\x01';
  EXPECT_THAT(error_of([&] { parse(file); }), HasSubstr("metaindex block would lie beyond the file"));
}

TEST(BundleIndex, ATableOfAnotherProgramIsRefused) {
  EXPECT_THAT(error_of([&] { parse(table_of({{"key", ""}})); }), HasSubstr("without the header entry"));
  EXPECT_THAT(error_of([&] { parse(table_of({})); }), HasSubstr("without the header entry"));
  EXPECT_THAT(error_of([&] { parse(std::string(4096, 'x')); }), HasSubstr("not a valid index"));
}

TEST(BundleIndex, ABadEntryIsNamed) {
  const std::string message = error_of([&] {
    parse(table_of({{"", header_of(1)}, {"bert/pooler/dense/bias", "\x20"}}));
  });
  EXPECT_THAT(message, HasSubstr("x.index (bert/pooler/dense/bias)"));
  EXPECT_THAT(error_of([&] { parse(table_of({{"", "\x20"}})); }), HasSubstr("x.index (header)"));
}

}  // namespace
}  // namespace cloze
