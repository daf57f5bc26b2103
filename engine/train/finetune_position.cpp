#include "engine/train/finetune_position.h"

#include <nlohmann/json.hpp>

namespace cloze {

void FinetunePosition::note(const TaskScore& score) {
  const bool better = !best || (score.less_is_better ? score.value < *best : score.value > *best);
  if (better) best = score.value;
  evaluations_since = better ? 0 : evaluations_since + 1;
}

nlohmann::json to_json(const FinetunePosition& position) {
  nlohmann::json state = to_json(position.training);
  state["best"] = position.best ? nlohmann::json(*position.best) : nlohmann::json();
  state["worse_in_a_row"] = position.evaluations_since;
  return state;
}

FinetunePosition finetune_position_from(const nlohmann::json& trainer_state) {
  FinetunePosition position{.training = position_from(trainer_state),
                            .evaluations_since = trainer_state.at("worse_in_a_row")};
  if (const auto& best = trainer_state.at("best"); !best.is_null()) position.best = best.get<double>();
  return position;
}

}  // namespace cloze
