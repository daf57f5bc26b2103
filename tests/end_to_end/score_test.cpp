// `cloze score` prints what the official scripts print, and refuses what they would stumble over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/file.h"
#include "tests/base/scratch_folder.h"
#include "tests/end_to_end/program.h"

namespace cloze::end_to_end {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string answerable =
    R"({"id": "a", "question": "?", "answers": [{"text": "x y", "answer_start": 0}]})";
const std::string unanswerable = R"({"id": "b", "question": "?", "answers": [], "is_impossible": true})";

class ScoreSquad : public ::testing::Test {
 protected:
  void write_data(const std::string& questions) {
    write_file(folder_ / "data.json",
               R"({"data": [{"paragraphs": [{"context": "x y", "qas": [)" + questions + "]}]}]}\n");
  }
  Outcome score(const std::string& predictions, const Arguments& more = {}) const {
    write_file(folder_ / "predictions.json", predictions);
    Arguments call = {
        "score", "squad", "--data", folder_ / "data.json", "--predictions", folder_ / "predictions.json"};
    call.insert(call.end(), more.begin(), more.end());
    return run(call);
  }
  Arguments null_odds(const std::string& text) const {
    write_file(folder_ / "null_odds.json", text);
    return {"--null-odds", folder_ / "null_odds.json"};
  }

  ScratchFolder folder_;
};

TEST_F(ScoreSquad, Version1IsALine) {
  write_data(answerable);
  const Outcome outcome = score(R"({"a": "The X"})");
  EXPECT_THAT(outcome, ExitsWith(0));
  EXPECT_EQ(outcome.output, "{\"exact_match\": 0.0, \"f1\": 66.66666666666666}\n");
  EXPECT_THAT(outcome.log, HasSubstr("1 questions, scored as SQuAD v1.1"));
}

TEST_F(ScoreSquad, Version2ShowsBothKindsAndTheBestThreshold) {
  write_data(answerable + "," + unanswerable);
  const Outcome outcome = score(R"({"a": "x y", "b": "x"})", null_odds(R"({"a": -2.5, "b": 0.5})"));
  EXPECT_THAT(outcome, ExitsWith(0));
  EXPECT_EQ(outcome.output, R"({
  "exact": 50.0,
  "f1": 50.0,
  "total": 2,
  "HasAns_exact": 100.0,
  "HasAns_f1": 100.0,
  "HasAns_total": 1,
  "NoAns_exact": 0.0,
  "NoAns_f1": 0.0,
  "NoAns_total": 1,
  "best_exact": 100.0,
  "best_exact_thresh": -2.5,
  "best_f1": 100.0,
  "best_f1_thresh": -2.5
}
)");
  EXPECT_THAT(outcome.log, HasSubstr("scored as SQuAD v2.0"));
  const Arguments odds = null_odds(R"({"a": -2.5, "b": 0.5})");
  const Outcome lower = score(R"({"a": "x y", "b": "x"})", {odds[0], odds[1], "--null-threshold", "0"});
  EXPECT_THAT(lower.output, HasSubstr("\"NoAns_exact\": 100.0"));
}

TEST_F(ScoreSquad, MissingPredictionsAreCounted) {
  write_data(answerable + "," + unanswerable);
  const Outcome outcome = score(R"({"a": "x y"})");
  EXPECT_THAT(outcome.output, HasSubstr("\"total\": 1"));
  EXPECT_THAT(outcome.log, HasSubstr("1 questions have no prediction and are left out; the first is `b`"));
}

TEST_F(ScoreSquad, BadInputsAreOneMessage) {
  write_data(answerable);
  EXPECT_THAT(score(R"({"a": "x)"), ExitsWith(1));
  const Outcome with_odds = score(R"({"a": "x"})", null_odds(R"({"a": 1})"));
  EXPECT_THAT(with_odds, ExitsWith(2));
  EXPECT_THAT(with_odds.log, AllOf(HasSubstr("null odds say nothing of these questions"),
                                   HasSubstr("leave out --null-odds")));
  const Outcome other = score(R"({"z": "x"})");
  EXPECT_THAT(other, ExitsWith(1));
  EXPECT_THAT(other.log, HasSubstr("there is nothing to score"));
  EXPECT_THAT(run({"score"}), ExitsWith(2));
  EXPECT_THAT(run({"score", "squad", "--data", folder_ / "data.json"}), ExitsWith(2));
  EXPECT_THAT(score("{}", {"--null-threshold", "1"}), ExitsWith(2));
}

}  // namespace
}  // namespace cloze::end_to_end
