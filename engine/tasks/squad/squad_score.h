#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/data/squad/question_file.h"
#include "engine/tasks/squad/answer_selection.h"
#include "engine/tasks/squad/score_files.h"

namespace cloze {

// Which of SQuAD's official evaluation scripts speaks: evaluate-v1.1.py, or evaluate-v2.0.py, which knows
// questions without an answer.
enum class SquadVersion : uint8_t { v1, v2 };

// v2 where the file has impossible questions.
SquadVersion squad_version(const QuestionFile& file);

// Percentages over `total` questions: of predictions that equal an answer (after normalisation), and mean F1.
struct GroupScore {
  double exact = 0, f1 = 0;
  int64_t total = 0;
};

// What the score would be, in percent, with no answer given to questions whose null odds exceed `threshold`,
// for the best such threshold.
struct BestThreshold {
  double score = 0, threshold = 0;
};

struct SquadScore {
  GroupScore all;
  std::optional<GroupScore> with_answer, without_answer;  // v2
  std::optional<BestThreshold> best_exact, best_f1;       // v2, where null odds were given
  std::vector<std::string> missing;                       // ids of questions without a prediction
};

// v1.1: every question counts, one without a prediction as 0. Throws Error where a question has no answers to
// compare with.
SquadScore score_squad_v1(const QuestionFile& file, const PredictedAnswers& predictions);

struct NullOddsRule {
  NullOdds odds;
  double threshold = 1;  // with higher odds the prediction counts as none, whatever it says
};
// v2.0: questions without a prediction are left out. Throws Error where a question has no list of answers, or
// a prediction no odds.
SquadScore score_squad_v2(const QuestionFile& file, const PredictedAnswers& predictions,
                          const std::optional<NullOddsRule>& null_odds);

// The official scripts' output: {"exact_match": …, "f1": …} on a line (v1.1); "exact", "f1", "total", the
// same with HasAns_ and NoAns_, and the best thresholds, with an indent of 2 (v2.0). With a line end.
std::string score_json(const SquadScore& score, SquadVersion version);

// For scoring what was selected without writing it first.
PredictedAnswers predicted_answers(std::span<const AnsweredQuestion> questions);
NullOdds null_odds(std::span<const AnsweredQuestion> questions);

}  // namespace cloze
