#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/config/sample_options.h"

namespace cloze::sample {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(ReferencePage, HasARowForEveryKey) {
  const std::string page = config::reference_page<Training>("Training");
  EXPECT_EQ(page.substr(0, 11), "# Training\n");
  for (const char* row :
       {"| `steps` | an integer | `1000` | at least 1 | Updates in all |\n",
        "| `seed` | an integer | `1` |  | The seed of everything random *(fixed on resume)* |\n",
        "| `dropout` | a number | `0.1` | between 0 and 1, or a percentage | Probability of a zero |\n",
        "| `vocabulary` | a path | required | not empty | The vocabulary file |\n",
        "| `clip` | a number, or null | `null` | above 0 | The largest gradient norm |\n",
        "| `layers` | a list of integers | `[1, 2]` | between 0 and 100 | Layers to keep |\n",
        "| `weights` | a map from names to numbers | `{}` | at least 0 | Weight of each corpus |\n",
        "| `schedule` | a section |  |  | The learning rate *(fixed on resume)*: see `schedule` |\n",
        "| `evaluation` | a section, or null | `null` |  | Evaluation while training: see `evaluation` |\n",
        "| `phases` | a list of sections | 2 elements |  | The parts of the run: see `phases[]` |\n",
        "## `phases[].schedule`\n\nIts learning rate.\n\n| Key | Type | Default | Range | Meaning |\n",
        "| `kind` | one of linear, none, square_root | `linear` |  | How the learning rate falls |\n",
        "`schedule.kind` is one of\n\n* `linear`: Down to zero in a straight line\n* `none`: Stays\n* "
        "`square_root`\n"}) {
    EXPECT_THAT(page, HasSubstr(row));
  }
  for (const std::string& key : all_keys([](Fields& fields) {
         static Training options;
         describe(fields, options);
       })) {
    const size_t dot = key.rfind('.');
    EXPECT_THAT(page, HasSubstr("| `" + (dot == std::string::npos ? key : key.substr(dot + 1)) + "` |"));
  }
}

TEST(Schema, IsJsonWithEveryKey) {
  const json schema = json::parse(config::schema<Training>("Training"));
  EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema["title"], "Training");
  const json& keys = schema["properties"];
  EXPECT_EQ(keys.size(), 18u);  // 17 and base
  EXPECT_EQ(keys["steps"], json::parse(R"({"anyOf": [{"type": "integer", "minimum": 1},
      {"type": "string", "pattern": "^[-+]?[0-9_]*\\.?[0-9_]+([eE][-+]?[0-9]+)?([kKMGT]|[KMGT]i)?$"}],
      "default": 1000, "description": "Updates in all"})"));
  EXPECT_EQ(keys["epsilon"]["anyOf"][0],
            json::parse(R"({"type": "number", "exclusiveMinimum": 0.0, "maximum": 1.0})"));
  EXPECT_EQ(keys["dropout"]["anyOf"].size(), 3u);  // also a percentage
  EXPECT_EQ(keys["shuffle"]["type"], "boolean");
  EXPECT_EQ(keys["decay"]["anyOf"][0]["enum"], json::parse(R"(["linear", "none", "square_root"])"));
  EXPECT_EQ(keys["decay"]["anyOf"][1]["type"], "null");
  EXPECT_EQ(keys["layers"]["items"]["anyOf"][0]["maximum"], 100.0);
  EXPECT_EQ(keys["layers"]["default"], json::parse("[1, 2]"));
  EXPECT_EQ(keys["weights"]["additionalProperties"]["anyOf"][0]["type"], "number");
  EXPECT_EQ(keys["phases"]["items"]["required"], json::parse(R"(["name"])"));
  EXPECT_EQ(keys["phases"]["items"]["additionalProperties"], false);
  EXPECT_EQ(keys["schedule"]["anyOf"][0]["properties"]["peak"]["default"], 1e-4);
  EXPECT_EQ(keys["evaluation"]["anyOf"][0]["properties"]["metrics"]["minItems"], 1);
  EXPECT_EQ(schema["additionalProperties"], false);
  // A required key may come from a base file.
  EXPECT_EQ(schema["anyOf"], json::parse(R"([{"required": ["base"]}, {"required": ["vocabulary"]}])"));
}

}  // namespace
}  // namespace cloze::sample
