#include "engine/train/checkpoint_writer.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace cloze {

void CheckpointWriter::start(CheckpointContents contents, const nlohmann::json& trainer_state) {
  if (writing_.valid()) throw std::logic_error("a checkpoint is begun before the last one is finished");
  step_ = contents.step;
  writing_ = std::async(std::launch::async, [this, contents = std::move(contents), trainer_state] {
    write_(contents, trainer_state);
  });
}

std::optional<int64_t> CheckpointWriter::unfinished() const {
  return writing_.valid() ? std::optional(step_) : std::nullopt;
}

bool CheckpointWriter::done() const {
  return !writing_.valid() || writing_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

void CheckpointWriter::finish() {
  if (writing_.valid()) writing_.get();
}

}  // namespace cloze
