// SQuAD's own files, all of them: each window equals squad_reference.py's, by digest.
#include <gtest/gtest.h>

#include <cstring>

#include "engine/base/file.h"
#include "engine/data/squad/trainable_answers.h"
#include "tests/data/squad/squad_goldens.h"

namespace cloze {
namespace {

using nlohmann::json;

void append_number(std::string& bytes, int64_t value) {
  const auto number = static_cast<int32_t>(value);
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof raw);
}

// As window_bytes() of squad_reference.py.
void append_window(std::string& bytes, const QuestionWindow& window) {
  append_number(bytes, static_cast<int64_t>(window.question));
  append_number(bytes, window.sequence.second_begins);
  append_number(bytes, static_cast<int64_t>(window.sequence.tokens.size()));
  for (const int32_t token : window.sequence.tokens) append_number(bytes, token);
  append_number(bytes, static_cast<int64_t>(window.words.size()));
  for (const int32_t word : window.words) append_number(bytes, word);
  append_number(bytes, window.start_label);
  append_number(bytes, window.end_label);
  for (const uint8_t mark : window.is_max_context) bytes += static_cast<char>(mark);
}

struct WholeFile {
  const char* name;
  WindowPurpose purpose;
  bool with_impossible;
};
class WholeSquadFiles : public ::testing::TestWithParam<WholeFile> {};

TEST_P(WholeSquadFiles, WindowsAreEqual) {
  const auto& [name, purpose, with_impossible] = GetParam();
  const auto path = testing::shared_data("squad") / name;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const bool training = purpose == WindowPurpose::training;
  const json golden = read_json(testing::squad_golden("whole_files.json"))["windows"];
  const json& expected = golden[std::string(name) + (training ? " training" : " prediction")];

  QuestionFile file = read_question_file(path);
  for (Question& question : file.questions) {
    if (training && question.answers.size() > 1) question.answers.resize(1);
  }
  if (training) {
    EXPECT_EQ(keep_trainable(file, with_impossible), expected["skipped"].get<size_t>());
  }
  EXPECT_EQ(file.questions.size(), expected["questions"].get<size_t>());

  const auto vocabulary = std::make_shared<const Vocabulary>(
      Vocabulary::load(testing::shared_data("vocab/bert-base-uncased-vocab.txt")));
  const auto windows =
      make_question_windows(file, Tokenizer(vocabulary, {}), SquadOptions(), purpose, /*threads=*/2);
  EXPECT_EQ(windows.size(), expected["windows"].get<size_t>());
  std::string bytes;
  for (const QuestionWindow& window : windows) append_window(bytes, window);
  EXPECT_EQ(digest(bytes), expected["digest"].get<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Squad, WholeSquadFiles,
                         ::testing::Values(WholeFile{"train-v1.1.json", WindowPurpose::training, false},
                                           WholeFile{"dev-v1.1.json", WindowPurpose::prediction, false},
                                           WholeFile{"dev-v1.1.json", WindowPurpose::training, false},
                                           WholeFile{"dev-v2.0-half.json", WindowPurpose::prediction, true},
                                           WholeFile{"dev-v2.0-half.json", WindowPurpose::training, true}),
                         [](const auto& file) { return "file" + std::to_string(file.index); });

}  // namespace
}  // namespace cloze
