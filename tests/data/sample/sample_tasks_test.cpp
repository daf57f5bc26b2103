#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "engine/data/sample/sample_questions.h"
#include "engine/data/sample/sample_reviews.h"

namespace cloze {
namespace {

// Reads a review by the rules alone: the majority of its opinions, a negation turning one round.
bool judge(const std::string& text) {
  const std::set<std::string> good = {"pretty", "clean", "bright", "new",   "golden",
                                      "merry",  "happy", "lucky",  "proud", "calm"};
  const std::set<std::string> bad = {"muddy", "rusty", "dark",  "loud",    "noisy",
                                     "gray",  "sad",   "angry", "nervous", "lonely"};
  int votes = 0;
  bool negated = false;
  std::string word;
  for (const char letter : text) {
    if (letter >= 'a' && letter <= 'z') {
      word += letter;
      continue;
    }
    if (word == "not" || word == "never") negated = true;
    if (good.count(word) + bad.count(word) > 0) votes += (good.count(word) > 0) != negated ? 1 : -1;
    if (letter == '.') negated = false;
    word.clear();
  }
  return votes > 0;
}

TEST(SampleReviews, MajorityOfOpinionsIsTheLabel) {
  int positive = 0, negations = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    const SampleReview review = make_review(sample_world(), 1, DrawPurpose::training_reviews, i);
    EXPECT_EQ(judge(review.text), review.positive) << review.text;
    positive += review.positive ? 1 : 0;
    negations +=
        review.text.find("not") != std::string::npos || review.text.find("never") != std::string::npos ? 1
                                                                                                       : 0;
  }
  EXPECT_NEAR(positive, 500, 80);
  EXPECT_GT(negations, 500);
}

TEST(SampleReviews, AreWrittenAsYelpWritesThem) {
  EXPECT_EQ(review_line({true, "The man said \"fine\".\nWe left."}),
            "\"2\",\"The man said \"\"fine\"\".\\nWe left.\"\n");
  EXPECT_EQ(review_line({false, "No."}), "\"1\",\"No.\"\n");
}

TEST(SampleQuestions, HaveOneAnswerWhereTheySay) {
  for (uint64_t i = 0; i < 200; ++i) {
    const SamplePassage passage = make_passage(sample_world(), 1, DrawPurpose::training_passages, i);
    EXPECT_GE(passage.questions.size(), 8u);
    std::set<std::string> asked;
    for (const SampleQuestion& question : passage.questions) {
      EXPECT_EQ(passage.text.substr(question.answer_start, question.answer.size()), question.answer)
          << passage.text;
      EXPECT_TRUE(asked.insert(question.text).second) << question.text;
    }
  }
}

TEST(SampleQuestions, AreWrittenAsSquadWritesThem) {
  const SamplePassage passage{"The man slept.", {{"Who slept?", "man", 4}}};
  const auto json = nlohmann::json::parse(questions_json({passage, passage}, "dev"));
  EXPECT_EQ(json["version"], "1.1");
  const auto& paragraphs = json["data"][0]["paragraphs"];
  ASSERT_EQ(paragraphs.size(), 2u);
  EXPECT_EQ(paragraphs[0]["context"], passage.text);
  const auto& question = paragraphs[0]["qas"][0];
  EXPECT_EQ(question["question"], "Who slept?");
  EXPECT_EQ(question["answers"][0]["text"], "man");
  EXPECT_EQ(question["answers"][0]["answer_start"], 4);
  EXPECT_NE(question["id"], paragraphs[1]["qas"][0]["id"]);
}

}  // namespace
}  // namespace cloze
