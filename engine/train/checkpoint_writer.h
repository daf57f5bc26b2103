#pragma once

#include <functional>
#include <future>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/checkpoint/checkpoint.h"

namespace cloze {

// Writes checkpoints while training goes on: one at a time, on a thread of its own.
class CheckpointWriter {
 public:
  // Writes one checkpoint whole, or throws Error.
  using Write = std::function<void(const CheckpointContents&, const nlohmann::json& trainer_state)>;
  explicit CheckpointWriter(Write write) : write_(std::move(write)) {}
  ~CheckpointWriter() = default;  // waits until nothing is being written
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Begins to write and returns at once. The one before must have been finished; what the tensors of
  // `contents` view must stay as it is until this one is.
  void start(CheckpointContents contents, const nlohmann::json& trainer_state);

  // The step of the checkpoint that was started and is not finished yet.
  std::optional<int64_t> unfinished() const;
  // Whether finish() would return at once.
  bool done() const;
  // Waits until the checkpoint is written; throws the Error with which it could not be. Nothing where none is
  // unfinished.
  void finish();

 private:
  const Write write_;
  int64_t step_ = 0;
  std::future<void> writing_;  // valid until finish(); its destructor waits
};

}  // namespace cloze
