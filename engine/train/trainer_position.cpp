#include "engine/train/trainer_position.h"

#include <nlohmann/json.hpp>

namespace cloze {

nlohmann::json to_json(const TrainerPosition& position) {
  return {{"step", position.step},
          {"updates", position.updates},
          {"skipped_in_a_row", position.skipped_in_a_row}};
}

TrainerPosition position_from(const nlohmann::json& trainer_state) {
  return {.step = trainer_state.at("step"),
          .updates = trainer_state.at("updates"),
          .skipped_in_a_row = trainer_state.at("skipped_in_a_row")};
}

}  // namespace cloze
