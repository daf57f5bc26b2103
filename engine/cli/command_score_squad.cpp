#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/cli/score_commands.h"
#include "engine/data/squad/question_file.h"
#include "engine/tasks/squad/squad_score.h"

namespace cloze {
namespace {

struct ScoreSquadCall {
  std::filesystem::path data, predictions;
  std::optional<std::filesystem::path> null_odds;
  double null_threshold = 1;
};

std::optional<NullOddsRule> null_odds_rule(const ScoreSquadCall& call) {
  if (!call.null_odds) return std::nullopt;
  return NullOddsRule{read_null_odds(*call.null_odds), call.null_threshold};
}

void run(const ScoreSquadCall& call) {
  const QuestionFile file = read_question_file(call.data);
  const SquadVersion version = squad_version(file);
  log::info("{}: {} questions, scored as SQuAD {}", call.data.string(), file.questions.size(),
            version == SquadVersion::v1 ? "v1.1: each has an answer" : "v2.0: some have no answer");
  if (version == SquadVersion::v1 && call.null_odds) {
    throw UsageError({.what = "null odds say nothing of these questions",
                      .where = call.data.string(),
                      .why = "each has an answer (SQuAD v1.1)",
                      .remedy = "leave out --null-odds"});
  }
  const PredictedAnswers predictions = read_predictions(call.predictions);
  const SquadScore score = version == SquadVersion::v1
                               ? score_squad_v1(file, predictions)
                               : score_squad_v2(file, predictions, null_odds_rule(call));
  if (!score.missing.empty()) {
    log::warning("{} questions have no prediction and {}; the first is `{}`", score.missing.size(),
                 version == SquadVersion::v1 ? "score 0" : "are left out", score.missing.front());
  }
  std::cout << score_json(score, version);
}

}  // namespace

void add_score_squad(CLI::App& score) {
  auto call = std::make_shared<ScoreSquadCall>();
  CLI::App* command = score.add_subcommand(
      "squad", "Exact match and F1 of answers, as SQuAD's official scripts compute them");
  command->add_option("--data", call->data, "A file in SQuAD's form, v1.1 or v2.0")->required();
  command->add_option("--predictions", call->predictions, "predictions.json")->required();
  CLI::Option* null_odds = command->add_option("--null-odds", call->null_odds,
                                               "null_odds.json, for the best threshold (SQuAD v2.0)");
  command
      ->add_option("--null-threshold", call->null_threshold,
                   "With odds above it a question counts as not answered")
      ->needs(null_odds)
      ->capture_default_str();
  command->callback([call] { run(*call); });
}

}  // namespace cloze
