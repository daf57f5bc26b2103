// A file in SQuAD's form: what is accepted has its parts in place, and can be trained on and cut into
// windows.
#include <memory>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/data/squad/question_windows.h"
#include "engine/data/squad/trainable_answers.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

namespace {

const Tokenizer& tokenizer() {
  static const Tokenizer one(std::make_shared<const Vocabulary>(std::vector<std::string>{
                                 "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "norman", "##s", "in", "10",
                                 "##th", "century", ".", ",", "##a"}),
                             {});
  return one;
}

void check_parts(const QuestionFile& file) {
  for (const Passage& passage : file.passages) {
    size_t end = 0;
    for (const TextSpan& word : passage.words) {
      fuzz::require(word.begin >= end && word.end > word.begin, "words follow each other");
      end = word.end;
    }
    fuzz::require(end <= passage.text.size(), "words lie inside the context");
  }
  std::unordered_set<std::string> ids;
  for (const Question& question : file.questions) {
    fuzz::require(question.passage < file.passages.size(), "a question has a passage");
    fuzz::require(ids.insert(question.id).second, "ids differ");
    fuzz::require(question.line >= 1, "a question has a line");
  }
}

void check_windows(const QuestionFile& file, WindowPurpose purpose) {
  const SquadOptions options{.max_sequence_length = 12, .doc_stride = 3, .max_query_length = 4};
  for (const QuestionWindow& window : make_question_windows(file, tokenizer(), options, purpose, 1)) {
    const auto length = static_cast<int32_t>(window.sequence.tokens.size());
    fuzz::require(length <= options.max_sequence_length, "a window has the length asked for");
    fuzz::require(window.words.size() == window.is_max_context.size(),
                  "each token of the passage has its marks");
    fuzz::require(window.sequence.second_begins + static_cast<int32_t>(window.words.size()) == length - 1,
                  "the passage's tokens fill the window up to [SEP]");
    const auto words = static_cast<int32_t>(file.passage_of(file.questions[window.question]).words.size());
    for (const int32_t word : window.words) fuzz::require(word >= 0 && word < words, "a token has its word");
    fuzz::require(window.start_label >= 0 && window.start_label < length, "the start is in the window");
    fuzz::require(window.end_label >= 0 && window.end_label < length, "the end is in the window");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  QuestionFile file;
  try {
    file = parse_question_file(fuzz::as_text(data, size), "input.json");
  } catch (const Error&) {
    return 0;
  }
  check_parts(file);
  check_windows(file, WindowPurpose::prediction);
  for (const bool with_impossible : {false, true}) {
    QuestionFile trainable = file;
    try {
      keep_trainable(trainable, with_impossible);
    } catch (const Error&) {
      continue;
    }
    check_windows(trainable, WindowPurpose::training);
  }
  return 0;
}
