#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>

namespace cloze {

// What eval_results.txt of Google's programs lists: names and numbers (float32 there, or counts).
using EvaluationResults = std::map<std::string, std::variant<float, int64_t>>;

// "eval_accuracy = 0.845588\n..." sorted by name, the bytes run_classifier.py writes.
std::string evaluation_results_text(const EvaluationResults& results);

// A line of test_results.tsv: the probabilities of one example [classes] between tabs, then LF. There is no
// header and no id; the lines are in the order of the test file.
std::string test_results_line(std::span<const float> probabilities);

}  // namespace cloze
