#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/examples/label_set.h"

namespace cloze {

// What a model says of one example.
struct LabelPrediction {  // classification, multiple choice
  std::string id;
  int32_t label = 0;                 // the likeliest
  std::vector<float> probabilities;  // [labels]
};
struct ScorePrediction {  // regression
  std::string id;
  float score = 0;
};
struct TagPrediction {  // tagging
  std::string id;
  std::vector<std::string> words, tags;  // [words] each
};

// The tags of a sentence's words [words] from the label ids predicted for its tokens [length]: a word has the
// tag of its first piece, at `word_rows` (EncodedExample). A word that is not in the sequence is "O", where
// that is a label, else the first label.
std::vector<std::string> word_tags(std::span<const int32_t> word_rows, std::span<const int32_t> token_labels,
                                   const LabelSet& labels);

// Predictions for people and programs, a JSON object a line:
//   {"id": "7", "label": "good", "probabilities": {"bad": 0.03, "good": 0.97}}
//   {"id": "7", "score": 3.25}
//   {"id": "7", "words": ["EU", "acts"], "tags": ["B-ORG", "O"]}
// Floats have the shortest digits that read back as the same float.
std::string prediction_jsonl(const LabelPrediction& prediction, const LabelSet& labels);
std::string prediction_jsonl(const ScorePrediction& prediction);
std::string prediction_jsonl(const TagPrediction& prediction);

// The same as a table: id, label, and a probability for every label; or id and score. Tabs and line ends in
// ids and labels become spaces. Tagging has CoNLL's form instead: word, tab, tag; an empty line behind each
// sentence.
std::string prediction_tsv_header(const LabelSet& labels);
std::string prediction_tsv(const LabelPrediction& prediction, const LabelSet& labels);
std::string score_tsv_header();
std::string prediction_tsv(const ScorePrediction& prediction);
std::string prediction_conll(const TagPrediction& prediction);

}  // namespace cloze
