#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/examples/encoded_sequence.h"
#include "engine/data/squad/question_file.h"
#include "engine/data/squad/squad_options.h"
#include "engine/text/tokenizer.h"

namespace cloze {

// [CLS] question [SEP] a stretch of the passage [SEP], and where its tokens come from. A passage too long for
// one sequence has several, which overlap.
struct QuestionWindow {
  EncodedSequence sequence;             // second_begins: the first token of the passage
  size_t question = 0;                  // index into QuestionFile::questions
  int32_t index = 0;                    // among the windows of its question
  int64_t unique_id = 0;                // 1,000,000,000 for the first window of the file, and so on
  std::vector<int32_t> words;           // [passage tokens] the word of the passage each belongs to
  std::vector<uint8_t> is_max_context;  // [passage tokens] whether no other window shows more around it
  // Training: positions of the answer's first and last token; 0 and 0, which is [CLS], where the window does
  // not hold the whole answer or there is none.
  int32_t start_label = 0, end_label = 0;

  // Whether the token at a position is the passage's. The others are for such tokens alone.
  bool in_passage(int32_t token) const {
    return token >= sequence.second_begins &&
           token < sequence.second_begins + static_cast<int32_t>(words.size());
  }
  int32_t word(int32_t token) const { return words[static_cast<size_t>(token - sequence.second_begins)]; }
  bool max_context(int32_t token) const {
    return is_max_context[static_cast<size_t>(token - sequence.second_begins)] != 0;
  }

  friend bool operator==(const QuestionWindow&, const QuestionWindow&) = default;
};

enum class WindowPurpose : uint8_t { training, prediction };  // training: with labels

// The windows of all questions, in the order of the file. A question whose passage has no tokens has none.
// For training, call keep_trainable() first. The result does not depend on the number of threads. Throws
// UsageError for impossible options.
std::vector<QuestionWindow> make_question_windows(const QuestionFile& file, const Tokenizer& tokenizer,
                                                  const SquadOptions& options, WindowPurpose purpose,
                                                  int threads);

// A window in full, as run_squad.py logs the first ones: tokens, the words and max-context marks of the
// passage's tokens, and ids, mask and segments filled up with zeros to the greatest length; for training the
// answer.
std::string show_question_window(const QuestionFile& file, const QuestionWindow& window,
                                 const Vocabulary& vocabulary, const SquadOptions& options,
                                 WindowPurpose purpose);

}  // namespace cloze
