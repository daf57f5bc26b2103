#include "engine/train/pretrain_checkpoints.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/config/config.h"
#include "engine/train/model_state.h"
#include "engine/train/resume_check.h"

namespace cloze {
namespace {

constexpr const char* checkpoint_metric = "eval_mask_token_loss";

ExistingRun checked(const PretrainOptions& options, ExistingRun existing) {
  if (existing == ExistingRun::resume) check_resume(options);
  return existing;
}

Retention retention_of(const PretrainOptions& options, bool keeps_best) {
  return {.keep_last = options.checkpoint.keep,
          .best = keeps_best ? std::optional<BestBy>({checkpoint_metric, Better::lower}) : std::nullopt};
}

}  // namespace

PretrainCheckpoints::PretrainCheckpoints(const PretrainOptions& options, const PretrainSetup& setup,
                                         ExistingRun existing, bool sharded)
    : setup_(setup),
      keeps_best_(options.checkpoint.keep_best && setup.validation != nullptr),
      in_background_(writes_in_background(options)),
      sharded_(sharded),
      folder_(options.output, checked(options, existing), config::dump(options)),
      store_(options.output, retention_of(options, keeps_best_)),
      writer_([this](const CheckpointContents& contents, const nlohmann::json& trainer_state) {
        store_.save(contents, trainer_state);
      }) {
  if (needs_snapshot(options, sharded)) snapshot_.emplace(setup.layout.elements());
}

std::optional<TrainerPosition> PretrainCheckpoints::restore(Engine& engine) {
  const auto checkpoint = folder_.starting_point(store_);
  if (!checkpoint) return std::nullopt;
  require_complete(load_parameters(engine, setup_.layout, checkpoint->parameters()));
  take_optimizer(engine, *checkpoint->optimizer());
  const TrainerPosition position = position_from(checkpoint->trainer_state());
  log::info("going on at step {}", position.step);
  return position;
}

void PretrainCheckpoints::take_optimizer(Engine& engine, const TensorSource& source) {
  load_state_values(engine, source);
  if (!sharded_) return load_moments(engine, setup_.layout, source);
  load_moments(snapshot_->flat(Memory::first_moment), snapshot_->flat(Memory::second_moment), setup_.layout,
               source);
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
  if (keeps_best_ && std::isfinite(mask_token_loss_))
    contents.score = Score{checkpoint_metric, mask_token_loss_};
  return contents;
}

SavedState PretrainCheckpoints::state_to_write(const Engine& engine, bool last) {
  if (sharded_) {
    snapshot_->take_parameters(engine);
  } else if (in_background_ && !last) {
    snapshot_->take(engine);
  } else {
    return saved_state(engine, setup_.layout, true);  // training waits: no copy is needed
  }
  return saved_state(snapshot_->state(), setup_.layout, engine.state());
}

void PretrainCheckpoints::make_room(int64_t step) {
  const auto before = writer_.unfinished();
  if (!before) return;
  const bool waits = !writer_.done();
  const double began = seconds_now();
  log_written();
  if (waits && !std::exchange(said_that_it_waits_, true)) {
    log::info(
        "the checkpoint of step {} waited {:.1f} s until that of step {} was written: the disk is slower "
        "than `checkpoint.every` asks for",
        step, seconds_now() - began, *before);
  }
}

void PretrainCheckpoints::save(const Engine& engine, const TrainerPosition& position, bool last) {
  SavedState state = state_to_write(engine, last);
  CheckpointContents saved = contents(position.step);
  saved.parameters = std::move(state.parameters);
  saved.optimizer = std::move(state.optimizer);
  saved.memory = std::move(state.memory);
  writer_.start(std::move(saved), to_json(position));
  if (last) {
    writer_.finish();
    log::info("saved {}", store_.folder_of(position.step).string());
  } else if (!in_background_) {
    log_written();
  }
}

void PretrainCheckpoints::log_written() {
  const auto step = writer_.unfinished();
  if (!step) return;
  try {
    writer_.finish();
    log::info("saved {}", store_.folder_of(*step).string());
  } catch (const Error& error) {
    log::error("the checkpoint of step {} could not be written, the run goes on: {}", *step, error.what());
  }
}

}  // namespace cloze
