#include "engine/train/pretrain_checkpoints.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/config/config.h"
#include "engine/train/model_state.h"
#include "engine/train/resume_check.h"

namespace cloze {
namespace {

constexpr const char* best_metric = "eval_mask_token_loss";

ExistingRun checked(const PretrainOptions& options, ExistingRun existing) {
  if (existing == ExistingRun::resume) check_resume(options);
  return existing;
}

Retention retention_of(const PretrainOptions& options, bool keeps_best) {
  return {.keep_last = options.checkpoint.keep,
          .best = keeps_best ? std::optional<BestBy>({best_metric, Better::lower}) : std::nullopt};
}

}  // namespace

PretrainCheckpoints::PretrainCheckpoints(const PretrainOptions& options, const PretrainSetup& setup,
                                         ExistingRun existing)
    : setup_(setup),
      keeps_best_(options.checkpoint.keep_best && setup.validation != nullptr),
      folder_(options.output, checked(options, existing), config::dump(options)),
      store_(options.output, retention_of(options, keeps_best_)) {}

std::optional<TrainerPosition> PretrainCheckpoints::restore(Engine& engine) {
  const auto checkpoint = folder_.starting_point(store_);
  if (!checkpoint) return std::nullopt;
  require_complete(load_parameters(engine, setup_.layout, checkpoint->parameters()));
  load_moments(engine, setup_.layout, *checkpoint->optimizer());
  const TrainerPosition position = position_from(checkpoint->trainer_state());
  log::info("going on at step {}", position.step);
  return position;
}

CheckpointContents PretrainCheckpoints::contents(int64_t step) const {
  const BertConfig& config = setup_.config;
  CheckpointContents contents{
      .config = {.bert = config,
                 .architecture = config.attention ? "BertForPreTraining" : "BertWithoutAttention"},
      .tokenizer = {.vocabulary = setup_.train->shared_vocabulary(),
                    .options = setup_.train->manifest().tokenizer,
                    .max_length = config.max_positions},
      .parameters = {},
      .step = step};
  if (keeps_best_ && std::isfinite(mask_token_loss_)) contents.score = Score{best_metric, mask_token_loss_};
  return contents;
}

void PretrainCheckpoints::save(const Engine& engine, const TrainerPosition& position, bool last_chance) {
  SavedState state = saved_state(engine, setup_.layout, true);
  CheckpointContents saved = contents(position.step);
  saved.parameters = std::move(state.parameters);
  saved.optimizer = std::move(state.optimizer);
  saved.memory = std::move(state.memory);
  try {
    store_.save(saved, to_json(position));
    log::info("saved {}", store_.folder_of(position.step).string());
  } catch (const Error& error) {
    if (last_chance) throw;
    log::error("the checkpoint of step {} could not be written, the run goes on: {}", position.step,
               error.what());
  }
}

}  // namespace cloze
