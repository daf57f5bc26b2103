#include "engine/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

const json sample =
    json::parse(R"({"text": "a", "whole": -3, "big": 18446744073709551615, "half": 0.5, "flag": true,
                                    "none": null, "list": [1], "inside": {"x": 1}})");

TEST(Json, ReadsAndWrites) {
  const ScratchFolder folder;
  write_file(folder / "a.json", json_text(sample));
  EXPECT_EQ(read_json(folder / "a.json"), sample);
  EXPECT_EQ(json_text({{"b", 1}, {"a", "é"}}), "{\n  \"a\": \"é\",\n  \"b\": 1\n}\n");
}

TEST(Json, SyntaxErrorsShowPlaceAndLine) {
  const ScratchFolder folder;
  write_file(folder / "a.json", "{\n  \"a\": 1,\n  \"b\": ]\n}");
  EXPECT_THAT(message_of([&] { read_json(folder / "a.json"); }),
              AllOf(HasSubstr("this is not valid JSON\n  where: " + (folder / "a.json").string() + ":3:8\n"),
                    HasSubstr("unexpected ']'"), HasSubstr("the line reads:   \"b\": ]")));
  EXPECT_THAT(message_of([] { parse_json("", "x.json"); }), HasSubstr("where: x.json:1:1"));
  EXPECT_THAT(message_of([] { parse_json("{\"a\": 1", "x.json"); }), HasSubstr("unexpected end of input"));
  EXPECT_THAT(message_of([] { parse_json("1 2", "x.json"); }), HasSubstr("x.json:1:3"));
  EXPECT_THAT(message_of([] { parse_json("\"\xFF\"", "x.json"); }), HasSubstr("UTF-8"));
  EXPECT_THAT(message_of([] { parse_json("1e999", "x.json"); }), HasSubstr("x.json"));
}

TEST(Json, RepeatedKeysAreRefused) {
  EXPECT_THAT(message_of([] { parse_json(R"({"a": 1, "b": {"a": 2}, "a": 3})", "x.json"); }),
              HasSubstr("JSON key \"a\" is given twice in one object"));
  EXPECT_EQ(parse_json(R"([{"a": 1}, {"a": {"a": 2}}])", "x.json").size(), 2u);
}

TEST(Json, DepthIsBounded) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(message_of([&] { parse_json(deep, "x.json"); }), HasSubstr("nested too deeply"));
}

TEST(Json, TypedMembers) {
  EXPECT_EQ(json_string(sample, "text", "x"), "a");
  EXPECT_EQ(json_integer(sample, "whole", "x"), -3);
  EXPECT_EQ(json_number(sample, "half", "x"), 0.5);
  EXPECT_EQ(json_number(sample, "whole", "x"), -3.0);
  EXPECT_TRUE(json_boolean(sample, "flag", "x"));
  EXPECT_EQ(json_object(sample, "inside", "x"), json({{"x", 1}}));
  EXPECT_EQ(json_array(sample, "list", "x"), json::array({1}));
}

TEST(Json, MissingMembers) {
  EXPECT_EQ(message_of([] { json_integer(sample, "size", "config.json"); }),
            "`size` is missing\n  where: config.json\n  why: must be an integer");
  EXPECT_THAT(message_of([] { json_string(json::array(), "size", "config.json"); }),
              HasSubstr("expected a JSON object with `size`\n  where: config.json\n  why: found a list"));
}

TEST(Json, MembersOfAnotherType) {
  EXPECT_EQ(message_of([] { json_integer(sample, "text", "config.json"); }),
            "`text` is a text\n  where: config.json\n  why: must be an integer");
  EXPECT_THAT(message_of([] { json_integer(sample, "half", "x"); }),
              HasSubstr("is a number with a fraction"));
  EXPECT_THAT(message_of([] { json_integer(sample, "big", "x"); }),
              HasSubstr("must be an integer of 64 bits"));
  EXPECT_THAT(message_of([] { json_string(sample, "whole", "x"); }), HasSubstr("`whole` is an integer"));
  EXPECT_THAT(message_of([] { json_number(sample, "none", "x"); }), HasSubstr("`none` is null"));
  EXPECT_THAT(message_of([] { json_boolean(sample, "whole", "x"); }), HasSubstr("must be true or false"));
  EXPECT_THAT(message_of([] { json_object(sample, "list", "x"); }), HasSubstr("`list` is a list"));
  EXPECT_THAT(message_of([] { json_array(sample, "inside", "x"); }), HasSubstr("`inside` is an object"));
}

TEST(Json, Fallbacks) {
  EXPECT_EQ(json_string_or(sample, "missing", "f", "x"), "f");
  EXPECT_EQ(json_integer_or(sample, "none", 7, "x"), 7);
  EXPECT_EQ(json_number_or(sample, "half", 7, "x"), 0.5);
  EXPECT_FALSE(json_boolean_or(sample, "missing", false, "x"));
  EXPECT_THAT(message_of([] { json_integer_or(sample, "text", 7, "x"); }), HasSubstr("must be an integer"));
}

TEST(Json, TextThatIsNotUtf8IsNotWritten) {
  EXPECT_THAT(message_of([] { json_text({{"a", "\xFF"}}); }), HasSubstr("not UTF-8"));
}

}  // namespace
}  // namespace cloze
