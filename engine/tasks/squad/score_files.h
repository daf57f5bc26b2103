#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cloze {

// The answers to be scored: text by question id, empty for no answer.
using PredictedAnswers = std::unordered_map<std::string, std::string>;

// For each question how much speaks against any answer, in the order of the file, which tells equal odds
// apart.
using NullOdds = std::vector<std::pair<std::string, double>>;

// Read predictions.json and null_odds.json, as run_squad.py and write_prediction_files() write them. Throw
// Error (file:line, and the question's id) for what is no JSON object of texts, or numbers, and for an id
// given twice.
PredictedAnswers read_predictions(const std::filesystem::path& path);
NullOdds read_null_odds(const std::filesystem::path& path);

}  // namespace cloze
