#include "engine/data/examples/jsonl_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/examples/test_examples.h"

namespace cloze {
namespace {

using ::testing::AllOf;
using testing::blocks_of;
using ::testing::HasSubstr;
using testing::message_of;

std::vector<JsonRecord> read(std::string_view text) {
  JsonlReader reader(blocks_of(text), "data.jsonl");
  std::vector<JsonRecord> records;
  for (JsonRecord record; reader.next(record);) records.push_back(record);
  return records;
}

TEST(JsonlReader, AnObjectALine) {
  const auto records = read("\xEF\xBB\xBF{\"text\": \"a\\nb\"}\r\n \n{\"text\": \"c\"}");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].object["text"], "a\nb");
  EXPECT_EQ(records[1].line, 3);
}

TEST(JsonlReader, CutInHalf) {
  EXPECT_THAT(message_of([] { read("{\"text\": \"a\"}\n{\"text\": \"b"); }),
              AllOf(HasSubstr("data.jsonl:2\n"), HasSubstr("no JSON object")));
}

TEST(JsonlReader, OtherThanObjects) {
  EXPECT_THAT(message_of([] { read("[{\"text\": \"a\"},\n"); }), HasSubstr("data.jsonl:1\n"));
  EXPECT_THAT(message_of([] { read("{}\n[1]\n"); }), AllOf(HasSubstr("data.jsonl:2"), HasSubstr("array")));
  EXPECT_THAT(message_of([] { read("{\"a\": 1, \"a\": 2}\n"); }),
              AllOf(HasSubstr("data.jsonl:1"), HasSubstr("twice")));
}

}  // namespace
}  // namespace cloze
