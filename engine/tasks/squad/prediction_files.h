#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "engine/tasks/squad/answer_selection.h"

namespace cloze {

// The files of run_squad.py, byte for byte: JSON with an indent of 4, questions in the given order, a line
// end at the end. Ids must differ.

// predictions.json: {id: text}
std::string predictions_json(std::span<const AnsweredQuestion> questions);
// nbest_predictions.json: {id: [{text, probability, start_logit, end_logit}]}
std::string nbest_json(std::span<const AnsweredQuestion> questions);
// null_odds.json, of SQuAD v2.0: {id: odds}
std::string null_odds_json(std::span<const AnsweredQuestion> questions);

// Writes the files into a folder that is there; null_odds.json only with `version_2_with_negative`.
void write_prediction_files(const std::filesystem::path& folder, std::span<const AnsweredQuestion> questions,
                            bool version_2_with_negative);

}  // namespace cloze
