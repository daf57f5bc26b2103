#include "engine/tasks/outputs/result_files.h"

#include "engine/tasks/outputs/python_number.h"

namespace cloze {

std::string evaluation_results_text(const EvaluationResults& results) {
  std::string text;
  for (const auto& [name, value] : results) {
    const auto* count = std::get_if<int64_t>(&value);
    text += name + " = " + (count ? std::to_string(*count) : python_str(std::get<float>(value))) + '\n';
  }
  return text;
}

std::string test_results_line(std::span<const float> probabilities) {
  std::string line;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (i > 0) line += '\t';
    line += python_str(probabilities[i]);
  }
  return line + '\n';
}

}  // namespace cloze
