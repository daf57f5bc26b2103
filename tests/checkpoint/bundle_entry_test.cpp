#include "engine/checkpoint/bundle_entry.h"

#include <gmock/gmock.h>

#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

const std::string origin = "x.index";

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(BundleEntry, EveryField) {
  // DT_HALF, shape [2, 300], shard 1, offset 128, size 1200, a checksum, an unknown field 15
  const std::string message =
      bytes({0x08, 19,   0x12, 9,    0x12, 2,    0x08, 2,    0x12, 3, 0x08, 0xac, 0x02, 0x18,
             1,    0x20, 0x80, 0x01, 0x28, 0xb0, 0x09, 0x35, 4,    3, 2,    1,    0x78, 1});
  const BundleEntry entry = parse_bundle_entry(message, origin);
  EXPECT_EQ(data_type_elements(entry.type), ElementType::f16);
  EXPECT_THAT(entry.shape, ElementsAre(2, 300));
  EXPECT_EQ(entry.shard, 1);
  EXPECT_EQ(entry.offset, 128);
  EXPECT_EQ(entry.bytes, 1200);
  EXPECT_EQ(entry.checksum, 0x01020304u);
  EXPECT_TRUE(entry.slices.empty());
}

TEST(BundleEntry, SlicesAreReadExtentByExtent) {
  // a slice of the rows 3 to 8 and of every column; a dimension of size 0 is not written at all
  const std::string message = bytes({0x12, 2, 0x12, 0, 0x3a, 8, 0x0a, 4, 0x08, 3, 0x10, 5, 0x0a, 0});
  const BundleEntry entry = parse_bundle_entry(message, origin);
  EXPECT_THAT(entry.shape, ElementsAre(0));
  const BundleSlice expected = {{.start = 3, .length = 5}, {}};
  EXPECT_THAT(entry.slices, ElementsAre(expected));
}

TEST(BundleEntry, NonsenseIsRefused) {
  const std::string minus_one = bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});
  EXPECT_THAT(error_of([&] { parse_bundle_entry(bytes({0x20}) + minus_one, origin); }),
              HasSubstr("its offset is -1"));
  EXPECT_THAT(error_of([&] { parse_bundle_entry(bytes({0x28}) + minus_one, origin); }),
              HasSubstr("its size is -1"));
  EXPECT_THAT(error_of([&] {
                parse_bundle_entry(bytes({0x12, 13, 0x12, 11, 0x08}) + minus_one, origin);
              }),
              HasSubstr("its dimension is -1"));
  EXPECT_THAT(error_of([&] {
                parse_bundle_entry(bytes({0x12, 2, 0x18, 1}), origin);
              }),
              HasSubstr("its rank is unknown"));
  EXPECT_THAT(error_of([&] { parse_bundle_entry(bytes({0x30, 1}), origin); }), HasSubstr("another type"));
  EXPECT_THAT(error_of([&] {
                parse_bundle_entry(bytes({0x12, 9, 0x12}), origin);
              }),
              HasSubstr("beyond its message"));
}

TEST(BundleHeader, ShardsAndByteOrder) {
  EXPECT_EQ(parse_bundle_header(bytes({0x08, 2, 0x1a, 2, 0x08, 1}), origin).shards, 2);
  EXPECT_THAT(error_of([&] {
                parse_bundle_header(bytes({0x08, 1, 0x10, 1}), origin);
              }),
              HasSubstr("big-endian"));
  EXPECT_THAT(error_of([&] { parse_bundle_header("", origin); }), HasSubstr("it has 0 shards"));
  EXPECT_THAT(error_of([&] {
                parse_bundle_header(bytes({0x08, 0xff, 0xff, 0xff, 0x7f}), origin);
              }),
              HasSubstr("shards"));
}

TEST(BundleEntry, DataTypesByNumber) {
  EXPECT_EQ(data_type_name(1), "DT_FLOAT");
  EXPECT_EQ(data_type_elements(1), ElementType::f32);
  EXPECT_EQ(data_type_elements(14), ElementType::bf16);
  EXPECT_EQ(data_type_name(7), "DT_STRING");
  EXPECT_EQ(data_type_elements(7), std::nullopt);
  EXPECT_EQ(data_type_name(99), "DT_99");
  EXPECT_EQ(data_type_elements(99), std::nullopt);
}

// Small numbers take a byte, 0x80 + n; at 64 a second one begins. (The golden's parts, which TensorFlow
// wrote, are found by these keys too.)
TEST(BundleEntry, KeysOfSlices) {
  EXPECT_EQ(slice_key("w", {{.start = 3, .length = 5}, {}}),
            bytes({0, 'w', 0, 1, 1, 2, 0x83, 0x85, 0x80, 0x7f}));
  EXPECT_EQ(slice_key("w", {{.start = 63, .length = 64}}), bytes({0, 'w', 0, 1, 1, 1, 0xbf, 0xc0, 0x40}));
  EXPECT_EQ(slice_key("w", {{.start = 8191, .length = 30522}}),
            bytes({0, 'w', 0, 1, 1, 1, 0xdf, 0xff, 0xe0, 0x77, 0x3a}));
  EXPECT_EQ(slice_key(bytes({'a', 0, 0xff}), {}), bytes({0, 'a', 0, 0xff, 0xff, 0, 0, 1, 0}));
  EXPECT_TRUE(is_slice_key(slice_key("w", {})));
  EXPECT_FALSE(is_slice_key("w"));
  EXPECT_FALSE(is_slice_key(""));
}

}  // namespace
}  // namespace cloze
