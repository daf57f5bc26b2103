#include "engine/tasks/outputs/python_json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"

namespace cloze {
namespace {

void write_sample(PythonJsonWriter& writer) {
  writer.begin_object();
  writer.key("é\"");
  writer.text("a\\b/\n\x7F\u2028\U0001F600");
  writer.key("list");
  writer.begin_list();
  writer.number(1);
  writer.integer(-7);
  writer.number(1e-5);
  writer.begin_list();
  writer.end_list();
  writer.begin_object();
  writer.end_object();
  writer.end_list();
  writer.key("odd");
  writer.begin_list();
  writer.number(NAN);
  writer.number(INFINITY);
  writer.number(-INFINITY);
  writer.end_list();
  writer.end_object();
}

// json.dumps({"é\"": "a\\b/\n\x7f\u2028😀", "list": [1.0, -7, 1e-05, [], {}], "odd": [nan, inf, -inf]})
TEST(PythonJson, StandsOnOneLineWithoutIndent) {
  PythonJsonWriter writer;
  write_sample(writer);
  EXPECT_EQ(writer.take(),
            R"({"\u00e9\"": "a\\b/\n\u007f\u2028\ud83d\ude00", "list": [1.0, -7, 1e-05, [], {}], )"
            R"("odd": [NaN, Infinity, -Infinity]})");
}

// The same with indent=2.
TEST(PythonJson, IndentsWhatIsNotEmpty) {
  PythonJsonWriter writer(2);
  write_sample(writer);
  EXPECT_EQ(writer.take(), R"({
  "\u00e9\"": "a\\b/\n\u007f\u2028\ud83d\ude00",
  "list": [
    1.0,
    -7,
    1e-05,
    [],
    {}
  ],
  "odd": [
    NaN,
    Infinity,
    -Infinity
  ]
})");
}

TEST(PythonJson, TakesEachValueOnce) {
  PythonJsonWriter writer;
  writer.text("a");
  EXPECT_EQ(writer.take(), "\"a\"");
  writer.integer(3);
  EXPECT_EQ(writer.take(), "3");
}

TEST(PythonJson, RefusesWhatIsNotUtf8) {
  PythonJsonWriter writer;
  EXPECT_THROW(writer.text("\xFF"), Error);
}

}  // namespace
}  // namespace cloze
