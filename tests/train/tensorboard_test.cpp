#include "engine/train/tensorboard.h"

#include <gmock/gmock.h>

#include <cstring>

#include "engine/base/crc32c.h"
#include "engine/train/tensorboard_encoding.h"
#include "tests/checkpoint/test_support.h"

namespace cloze {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The first record of every event file that TensorBoard's own writer makes, but for the time.
TEST(TensorBoard, TheFirstRecordIsTheFileVersion) {
  const std::string event = tensorboard::file_version_event(0);
  EXPECT_EQ(event, std::string("\x09\0\0\0\0\0\0\0\0\x1a\x0d", 11) + "brain.Event:2");
  const std::string record = tensorboard::framed(event);
  EXPECT_EQ(record.substr(0, 8), std::string("\x18\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(8, 4), "\xa3\x7f\x4b\x22") << "masked CRC of the length 24, as in any event file";
  EXPECT_EQ(record.size(), 8 + 4 + event.size() + 4);
}

TEST(TensorBoard, ScalarsInProtobufWireFormat) {
  const std::pair<std::string, double> scalars[] = {{"a", 1.0}};
  EXPECT_EQ(tensorboard::scalars_event(0, 300, scalars),
            std::string("\x09\0\0\0\0\0\0\0\0"  // wall_time, double
                        "\x10\xac\x02"          // step, varint 300
                        "\x2a\x0a"              // summary, 10 bytes
                        "\x0a\x08"              // value, 8 bytes
                        "\x0a\x01"
                        "a"  // tag
                        "\x15\0\0\x80\x3f",
                        24)  // simple_value, float 1
  );
}

// The payloads of an event file's records; checks lengths and both checksums.
std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> records;
  size_t at = 0;
  const auto number_at = [&](size_t offset) {
    uint32_t number = 0;
    std::memcpy(&number, file.data() + offset, sizeof(number));
    return number;
  };
  while (at < file.size()) {
    const size_t length = number_at(at);
    EXPECT_EQ(number_at(at + 8), masked_crc32c(file.substr(at, 8)));
    records.push_back(file.substr(at + 12, length));
    EXPECT_EQ(number_at(at + 12 + length), masked_crc32c(records.back()));
    at += 16 + length;
  }
  return records;
}

TEST(TensorBoard, AFileHoldsVersionSessionAndScalars) {
  const testing::TemporaryFolder folder;
  TensorBoardSink sink(folder.path(), 11, 1700000000);
  sink.write(
      {.step = 11, .split = "train", .wall_time = 1700000001, .values = {{"loss", 2.5}, {"lr", 1e-4}}});
  const std::vector<std::string> records = records_of(read_file(sink.path()));
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[0], HasSubstr("brain.Event:2"));
  EXPECT_EQ(records[1], tensorboard::session_start_event(1700000000, 11));
  EXPECT_THAT(records[2], HasSubstr("train/loss"));
  EXPECT_THAT(records[2], HasSubstr("train/lr"));
}

TEST(TensorBoard, EveryStartHasAFileOfItsOwnInTheOrderOfTheirNames) {
  const testing::TemporaryFolder folder;
  const TensorBoardSink first(folder.path(), 1, 1700000000), second(folder.path(), 1, 1700000000.5),
      third(folder.path(), 1, 1700000001);
  EXPECT_LT(first.path(), second.path());
  EXPECT_LT(second.path(), third.path());
  EXPECT_THAT(first.path().filename().string(), HasSubstr("events.out.tfevents.1700000000."));
}

}  // namespace
}  // namespace cloze
