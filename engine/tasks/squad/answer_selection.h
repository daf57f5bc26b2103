#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/data/squad/question_file.h"
#include "engine/data/squad/question_windows.h"
#include "engine/data/squad/squad_options.h"
#include "engine/tasks/squad/candidate_spans.h"
#include "engine/text/tokenizer.h"

namespace cloze {

struct CandidateAnswer {
  std::string text;  // empty: there is no answer
  double probability = 0;
  double start_score = 0, end_score = 0;  // float32 values, summed in float64

  double score() const { return start_score + end_score; }
};

struct AnsweredQuestion {
  std::string id;
  std::string text;  // the prediction; empty: there is no answer
  std::vector<CandidateAnswer>
      candidates;        // best first; n_best_size, or one more with SQuAD v2.0; never none
  double null_odds = 0;  // SQuAD v2.0: score of no answer less that of the best answer
};

// The odds where run_squad.py would stop for want of any candidate with text.
inline constexpr double no_answer_odds = 1'000'000;

// The answer to a question out of the scores of its windows (all of them, in their order), as
// write_predictions of google-research/bert's run_squad.py chooses it; BERT paper, sections 4.2 and 4.3.
// Where that program would stop for want of any candidate with text (SQuAD v2.0), the prediction is empty and
// the odds `no_answer_odds`. Throws Error for a score that is not finite.
AnsweredQuestion select_answer(const QuestionFile& file, const Question& question,
                               std::span<const QuestionWindow> windows, std::span<const WindowScores> scores,
                               const SquadOptions& options, const Tokenizer& tokenizer);

// The same for all questions of the file, in their order: `windows` as make_question_windows() made them for
// prediction, scores [windows]. The result does not depend on the number of threads.
std::vector<AnsweredQuestion> select_answers(const QuestionFile& file,
                                             std::span<const QuestionWindow> windows,
                                             std::span<const WindowScores> scores,
                                             const SquadOptions& options, const Tokenizer& tokenizer,
                                             int threads);

}  // namespace cloze
