#pragma once

namespace cloze {

class Fields;

// How questions are asked of a model and its answers read, with the names, rules and defaults of run_squad.py
// of google-research/bert.
struct SquadOptions {
  int max_sequence_length = 384;  // tokens of a window, with [CLS] and two [SEP]
  int doc_stride = 128;           // tokens between the beginnings of two windows of a passage
  int max_query_length = 64;      // a longer question loses its end
  bool version_2_with_negative = false;
  int n_best_size = 20;
  int max_answer_length = 30;  // tokens
  double null_score_diff_threshold = 0;

  friend bool operator==(const SquadOptions&, const SquadOptions&) = default;
};

void describe(Fields& fields, SquadOptions& options);
// Throws UsageError naming the impossible value.
void validate(const SquadOptions& options);

}  // namespace cloze
