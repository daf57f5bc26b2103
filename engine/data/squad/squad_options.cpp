#include "engine/data/squad/squad_options.h"

#include "engine/base/error.h"
#include "engine/config/fields.h"

namespace cloze {
namespace {

constexpr int longest_sequence = 32768;
constexpr int special_tokens = 3;  // [CLS] question [SEP] context [SEP]

bool leaves_room(const SquadOptions& options) {
  return options.max_sequence_length > options.max_query_length + special_tokens;
}
constexpr auto no_room =
    "must be greater than `max_query_length` + 3: a window holds [CLS], the question, [SEP], at least one "
    "token "
    "of the context, [SEP]";

}  // namespace

void describe(Fields& fields, SquadOptions& options) {
  fields.option("max_sequence_length", options.max_sequence_length,
                between(special_tokens + 1, longest_sequence) & fixed_on_resume(),
                "Tokens of a window, with [CLS] and [SEP]; a longer passage is cut into windows");
  fields.option("doc_stride", options.doc_stride, at_least(1) & fixed_on_resume(),
                "Tokens from the beginning of a window to that of the next");
  fields.option("max_query_length", options.max_query_length, at_least(0) & fixed_on_resume(),
                "Most tokens of a question; a longer one loses its end");
  fields.option("version_2_with_negative", options.version_2_with_negative, fixed_on_resume(),
                "Some questions have no answer in their passage (SQuAD v2.0)");
  fields.option("n_best_size", options.n_best_size, at_least(1),
                "Most answers kept for a question, and starts and ends looked at in a window");
  fields.option("max_answer_length", options.max_answer_length, at_least(1), "Most tokens of an answer");
  fields.option("null_score_diff_threshold", options.null_score_diff_threshold,
                "With `version_2_with_negative`: there is no answer where the score of none exceeds the best "
                "answer's by more than this");
  fields.check(
      "max_sequence_length", [&options] { return leaves_room(options); }, no_room);
}

void validate(const SquadOptions& options) {
  const auto require = [](bool holds, const char* what, const char* why) {
    if (!holds) throw UsageError({.what = what, .why = why});
  };
  require(options.max_sequence_length <= longest_sequence, "`max_sequence_length` is out of range",
          "it must be at most 32768");
  require(options.doc_stride >= 1, "`doc_stride` is too small", "it must be at least 1");
  require(options.max_query_length >= 0, "`max_query_length` is too small", "it must be at least 0");
  require(options.n_best_size >= 1, "`n_best_size` is too small", "it must be at least 1");
  require(options.max_answer_length >= 1, "`max_answer_length` is too small", "it must be at least 1");
  require(leaves_room(options), "`max_sequence_length` is too small", no_room);
}

}  // namespace cloze
