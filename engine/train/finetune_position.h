#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/tasks/task_file.h"
#include "engine/train/trainer_position.h"

namespace cloze {

// Where a run of fine-tuning stands; checkpoints keep it beside weights and moments.
struct FinetunePosition {
  TrainerPosition training;
  std::optional<double> best;     // the best score of the validation file so far
  int64_t evaluations_since = 0;  // that were not better

  void note(const TaskScore& score);
};

nlohmann::json to_json(const FinetunePosition& position);
FinetunePosition finetune_position_from(const nlohmann::json& trainer_state);

}  // namespace cloze
