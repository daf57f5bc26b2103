#pragma once

#include <cstddef>

#include "engine/data/squad/question_file.h"

namespace cloze {

// Finds the words of each question's answer, as run_squad.py reads training data, and sets
// Question::answer_words. A question whose answer is not to be found where the file says is taken out, with a
// warning for the first few; returns how many were. With `with_impossible` (SQuAD v2.0) a question marked
// impossible stays without answer words; otherwise the mark is not looked at.
//
// Throws Error naming file, line and question where there is not exactly one answer, the answer holds no
// text, has no `answer_start` or reaches beyond the context, or, with `with_impossible`, `is_impossible` is
// missing.
size_t keep_trainable(QuestionFile& file, bool with_impossible);

}  // namespace cloze
