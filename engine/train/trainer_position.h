#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace cloze {

// Where a pretraining run stands; checkpoints keep it beside weights and moments.
struct TrainerPosition {
  int64_t step = 0;     // steps done
  int64_t updates = 0;  // of these not skipped
  int64_t skipped_in_a_row = 0;
  friend bool operator==(const TrainerPosition&, const TrainerPosition&) = default;
};

nlohmann::json to_json(const TrainerPosition& position);
TrainerPosition position_from(const nlohmann::json& trainer_state);

}  // namespace cloze
