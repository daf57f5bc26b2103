#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "engine/checkpoint/checkpoint.h"
#include "engine/tasks/finetuning_program.h"
#include "engine/tasks/task_file.h"
#include "engine/train/finetune_options.h"

namespace cloze {

// Where and how a model computes.
struct InferenceOptions {
  int threads = 0;                     // 0: all
  std::optional<DeviceOption> device;  // unset: where the run was trained, if that is here, else the CPU
  PrecisionOption precision = PrecisionOption::automatic;
};

// A run of `cloze finetune`, opened to evaluate and predict: the task, its labels, the casing and how texts
// are cut come from the run.
class FinetunedModel {
 public:
  // A run's folder (its best checkpoint where it kept one, else the latest) or one of its checkpoints. Throws
  // Error where it is none, and where there is no such device or it does not compute so.
  FinetunedModel(const std::filesystem::path& path, const InferenceOptions& inference);

  const FinetuneOptions& options() const { return options_; }
  const TaskReading& reading() const { return *reading_; }
  const std::filesystem::path& checkpoint() const { return checkpoint_; }
  int64_t step() const { return step_; }

  TaskOutputs infer(const TaskItems& items);
  // The same for a whole file: the log says how far it is, and in the end how fast it went.
  TaskOutputs infer_file(const TaskFile& file);

 private:
  FinetuneOptions options_;
  std::optional<Checkpoint> opened_;  // its memory holds the parameters
  std::filesystem::path checkpoint_;
  int64_t step_ = 0;
  ParameterLayout layout_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<FinetuningPrograms> programs_;
  std::unique_ptr<TaskReading> reading_;
};

}  // namespace cloze
