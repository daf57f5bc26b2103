// Tables as Python's csv module reads them, sequences as run_classifier.py makes them: see
// tests/golden/examples/make_example_goldens.py.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "engine/data/examples/example_encoder.h"
#include "tests/data/examples/test_examples.h"
#include "tests/text/test_vocabulary.h"

namespace cloze {
namespace {

const std::filesystem::path goldens = CLOZE_SOURCE_DIR "/tests/golden/examples";

nlohmann::json rows_as_json(const std::string& text, bool csv) {
  nlohmann::json rows = nlohmann::json::array();
  try {
    const auto blocks = testing::blocks_of(text);
    const auto reader = csv ? read_csv(blocks, "golden", {}) : read_tsv(blocks, "golden");
    for (const TableRow& row : testing::rows_of(*reader)) rows.push_back(row.cells);
  } catch (const Error&) {
    return nullptr;
  }
  return rows;
}

TEST(ExampleGoldens, TablesAreReadAsPythonReadsThem) {
  const auto cases = read_json(goldens / "tables.json");
  size_t refused = 0;
  for (const auto& each : cases) {
    const auto text = each["text"].get<std::string>();
    EXPECT_EQ(rows_as_json(text, each["form"] == "csv"), each["rows"]) << each;
    refused += each["rows"].is_null();
  }
  EXPECT_EQ(cases.size(), 800u);
  EXPECT_GT(refused, 100u);
}

TEST(ExampleGoldens, SequencesAreThoseOfRunClassifier) {
  const auto tokenizer = std::make_shared<const Tokenizer>(golden_vocabulary(), TokenizerOptions{});
  const auto cases = read_json(goldens / "sequences.json");
  for (const auto& each : cases) {
    TaskDescription task;
    task.sequences.max_sequence_length = each["max_sequence_length"];
    const ExampleEncoder encoder(tokenizer, task, {});
    EncodingCounts counts;
    const EncodedSequence sequence =
        encoder.encode_texts(each["a"].get<std::string>(), each["b"].get<std::string>(), counts);
    EXPECT_EQ(nlohmann::json(sequence.tokens), each["ids"]) << each;
    std::vector<int> segments(sequence.tokens.size(), 1);
    std::fill_n(segments.begin(), sequence.second_begins, 0);
    EXPECT_EQ(nlohmann::json(segments), each["segments"]) << each;
  }
  EXPECT_EQ(cases.size(), 84u);
}

}  // namespace
}  // namespace cloze
