#include "engine/tasks/outputs/prediction_lines.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/tasks/outputs/python_number.h"

namespace cloze {
namespace {

using Json = nlohmann::ordered_json;

// The double that prints with the shortest digits of the float; JSON has no NaN, null stands for it.
Json number(float value) {
  if (!std::isfinite(value)) return nullptr;
  const std::string digits = python_str(value);
  double shortest = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), shortest);
  return shortest;
}

std::string line_of(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string cell(std::string text) {
  for (char& c : text) c = c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
  return text;
}

}  // namespace

std::vector<std::string> word_tags(std::span<const int32_t> word_rows, std::span<const int32_t> token_labels,
                                   const LabelSet& labels) {
  const int32_t outside = labels.find("O").value_or(0);
  std::vector<std::string> tags;
  for (const int32_t row : word_rows) {
    tags.push_back(labels.name(row < 0 ? outside : token_labels[static_cast<size_t>(row)]));
  }
  return tags;
}

std::string prediction_jsonl(const LabelPrediction& prediction, const LabelSet& labels) {
  Json probabilities = Json::object();
  for (size_t i = 0; i < prediction.probabilities.size(); ++i) {
    probabilities[labels.name(static_cast<int32_t>(i))] = number(prediction.probabilities[i]);
  }
  return line_of({{"id", prediction.id},
                  {"label", labels.name(prediction.label)},
                  {"probabilities", std::move(probabilities)}});
}

std::string prediction_jsonl(const ScorePrediction& prediction) {
  return line_of({{"id", prediction.id}, {"score", number(prediction.score)}});
}

std::string prediction_jsonl(const TagPrediction& prediction) {
  return line_of({{"id", prediction.id}, {"words", prediction.words}, {"tags", prediction.tags}});
}

std::string prediction_tsv_header(const LabelSet& labels) {
  std::string line = "id\tlabel";
  for (const std::string& name : labels.names()) line += '\t' + cell(name);
  return line + '\n';
}

std::string prediction_tsv(const LabelPrediction& prediction, const LabelSet& labels) {
  std::string line = cell(prediction.id) + '\t' + cell(labels.name(prediction.label));
  for (const float probability : prediction.probabilities) line += '\t' + python_str(probability);
  return line + '\n';
}

std::string score_tsv_header() {
  return "id\tscore\n";
}

std::string prediction_tsv(const ScorePrediction& prediction) {
  return cell(prediction.id) + '\t' + python_str(prediction.score) + '\n';
}

std::string prediction_conll(const TagPrediction& prediction) {
  std::string text;
  for (size_t word = 0; word < prediction.words.size(); ++word) {
    text += cell(prediction.words[word]) + '\t' + prediction.tags[word] + '\n';
  }
  return text + '\n';
}

}  // namespace cloze
