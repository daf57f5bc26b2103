// Windows and training labels against squad_reference.py.
#include "engine/data/squad/question_windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/config/config.h"
#include "engine/data/squad/trainable_answers.h"
#include "tests/data/squad/squad_goldens.h"

namespace cloze {
namespace {

using nlohmann::json;
using testing::golden_tokenizer;
using testing::squad_golden;

struct Run {
  const char* name;
  SquadOptions options;
};
class WindowGoldens : public ::testing::TestWithParam<Run> {
 protected:
  static const json& golden() {
    static const json file = read_json(squad_golden("windows.json"));
    return file[GetParam().name];
  }
  static QuestionFile questions() { return read_question_file(squad_golden("questions.json")); }
};

TEST_P(WindowGoldens, PredictionWindowsAreEqual) {
  const auto windows = make_question_windows(questions(), golden_tokenizer(), GetParam().options,
                                             WindowPurpose::prediction, 2);
  const json& expected = golden()["windows"];
  ASSERT_EQ(windows.size(), expected.size());
  ASSERT_GT(windows.size(), 128u);
  for (size_t i = 0; i < windows.size(); ++i) {
    const QuestionWindow& window = windows[i];
    EXPECT_EQ(window.unique_id, 1'000'000'000 + static_cast<int64_t>(i));
    EXPECT_EQ(window.question, expected[i][0].get<size_t>()) << i;
    const bool same_question = i > 0 && windows[i - 1].question == window.question;
    EXPECT_EQ(window.index, same_question ? windows[i - 1].index + 1 : 0) << i;
    EXPECT_EQ(window.sequence.second_begins, expected[i][1].get<int32_t>()) << i;
    EXPECT_EQ(window.sequence.tokens, expected[i][2].get<std::vector<int32_t>>()) << i;
    EXPECT_EQ(window.words, expected[i][3].get<std::vector<int32_t>>()) << i;
    std::string marks;
    for (const uint8_t mark : window.is_max_context) marks += mark != 0 ? '1' : '0';
    EXPECT_EQ(marks, expected[i][4].get<std::string>()) << i;
    EXPECT_EQ(window.start_label, 0);
    EXPECT_EQ(window.end_label, 0);
  }
}

TEST_P(WindowGoldens, LabelsAreEqual) {
  QuestionFile file = questions();
  std::vector<std::string> ids;
  for (const Question& question : file.questions) ids.push_back(question.id);
  EXPECT_EQ(keep_trainable(file, true), golden()["skipped"].size());
  for (const Question& question : file.questions) std::erase(ids, question.id);
  EXPECT_EQ(ids, golden()["skipped"].get<std::vector<std::string>>());

  const auto windows =
      make_question_windows(file, golden_tokenizer(), GetParam().options, WindowPurpose::training, 2);
  const json& expected = golden()["labels"];
  ASSERT_EQ(windows.size(), expected.size());
  int labelled = 0;
  for (size_t i = 0; i < windows.size(); ++i) {
    EXPECT_EQ(file.questions[windows[i].question].id, expected[i][0].get<std::string>()) << i;
    EXPECT_EQ(windows[i].start_label, expected[i][1].get<int32_t>()) << i;
    EXPECT_EQ(windows[i].end_label, expected[i][2].get<int32_t>()) << i;
    labelled += windows[i].end_label > 0;
  }
  EXPECT_GT(labelled, 60);
}

TEST_P(WindowGoldens, ThreadsDoNotMatter) {
  const QuestionFile file = questions();
  const Tokenizer tokenizer = golden_tokenizer();
  const auto with = [&](int threads) {
    return make_question_windows(file, tokenizer, GetParam().options, WindowPurpose::prediction, threads);
  };
  EXPECT_EQ(with(1), with(7));
}

INSTANTIATE_TEST_SUITE_P(Squad, WindowGoldens,
                         ::testing::Values(Run{"overlapping", testing::overlapping_windows()},
                                           Run{"apart", testing::windows_apart()}),
                         [](const auto& run) { return std::string(run.param.name); });

TEST(QuestionWindow, KnowsItsPassageTokens) {
  const QuestionFile file = read_question_file(squad_golden("questions.json"));
  const auto windows = make_question_windows(file, golden_tokenizer(), testing::overlapping_windows(),
                                             WindowPurpose::prediction, 1);
  const QuestionWindow& window = windows.back();
  const auto length = static_cast<int32_t>(window.sequence.tokens.size());
  EXPECT_FALSE(window.in_passage(0));
  EXPECT_FALSE(window.in_passage(window.sequence.second_begins - 1));
  EXPECT_TRUE(window.in_passage(window.sequence.second_begins));
  EXPECT_TRUE(window.in_passage(length - 2));
  EXPECT_FALSE(window.in_passage(length - 1));
  EXPECT_EQ(window.word(length - 2), window.words.back());
  EXPECT_EQ(window.max_context(length - 2), window.is_max_context.back() != 0);
}

TEST(QuestionWindow, IsShownAsGoogleShowsIt) {
  QuestionFile file = parse_question_file(
      R"({"data": [{"paragraphs": [{"context": "a the", "qas": [
        {"id": "1", "question": "e", "answers": [{"text": "the", "answer_start": 2}], "is_impossible": false},
        {"id": "2", "question": "e", "answers": [], "is_impossible": true}]}]}]})",
      "q.json");
  EXPECT_EQ(keep_trainable(file, true), 0u);
  const std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "e", "a", "th", "##e"};
  const Tokenizer tokenizer(std::make_shared<const Vocabulary>(pieces), {});
  const SquadOptions options{
      .max_sequence_length = 9, .max_query_length = 4, .version_2_with_negative = true};
  const auto windows = make_question_windows(file, tokenizer, options, WindowPurpose::training, 1);
  ASSERT_EQ(windows.size(), 2u);
  const auto shown = [&](const QuestionWindow& window, WindowPurpose purpose) {
    return show_question_window(file, window, tokenizer.vocabulary(), options, purpose);
  };
  const std::string input =
      "tokens: [CLS] e [SEP] a th ##e [SEP]\n"
      "token_to_orig_map: 3:0 4:1 5:1\n"
      "token_is_max_context: 3:True 4:True 5:True\n"
      "input_ids: 2 4 3 5 6 7 3 0 0\n"
      "input_mask: 1 1 1 1 1 1 1 0 0\n"
      "segment_ids: 0 0 0 1 1 1 1 0 0\n";
  const std::string first =
      "*** Example ***\nunique_id: 1000000000\nexample_index: 0\ndoc_span_index: 0\n" + input;
  EXPECT_EQ(shown(windows[0], WindowPurpose::prediction), first);
  EXPECT_EQ(shown(windows[0], WindowPurpose::training),
            first + "start_position: 4\nend_position: 5\nanswer: th ##e\n");
  EXPECT_EQ(shown(windows[1], WindowPurpose::training),
            "*** Example ***\nunique_id: 1000000001\nexample_index: 1\ndoc_span_index: 0\n" + input +
                "impossible example\n");
}

TEST(SquadOptions, AreDescribedWithoutFault) {
  EXPECT_THAT(config::faults<SquadOptions>(), ::testing::IsEmpty());
}

TEST(SquadOptions, AWindowMustHoldMoreThanTheQuestion) {
  const auto read = [](const std::string& yaml) {
    return config::read_text<SquadOptions>(yaml, "squad.yaml");
  };
  EXPECT_EQ(read("{}"), SquadOptions());
  EXPECT_EQ(read("{max_sequence_length: 68}").max_sequence_length, 68);
  EXPECT_THROW(read("{max_sequence_length: 67}"), UsageError);
  EXPECT_THROW(read("{doc_stride: 0}"), UsageError);
  EXPECT_THROW(validate({.max_sequence_length = 67}), UsageError);
  EXPECT_THROW(validate({.doc_stride = 0}), UsageError);
  EXPECT_THROW(validate({.n_best_size = 0}), UsageError);
  EXPECT_THROW(validate({.max_answer_length = 0}), UsageError);
  EXPECT_NO_THROW(validate({}));
}

}  // namespace
}  // namespace cloze
