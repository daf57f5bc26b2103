#include "engine/train/finetuned_model.h"

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/format.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/train/finetune_setup.h"
#include "engine/train/model_state.h"
#include "engine/train/run_setup.h"
#include "kernels/common/parallel.h"
#include "kernels/linear/open_cuda.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr double report_seconds = 10;

// The run a path belongs to: itself, or the folder two above RUN/checkpoints/step-N.
fs::path run_folder_of(const fs::path& path) {
  const fs::path real = fs::weakly_canonical(path);
  if (fs::exists(real / "config.yaml")) return real;
  const fs::path above = real.parent_path().parent_path();
  if (fs::exists(above / "config.yaml")) return above;
  throw UsageError({.what = "this is no run of `cloze finetune`",
                    .where = path.string(),
                    .why = "there is no config.yaml that says what the task is",
                    .remedy = "give the folder that `output` named"});
}

fs::path checkpoint_of(const fs::path& path, const fs::path& run) {
  if (fs::weakly_canonical(path) != run) return path;
  return fs::exists(run / "best") ? run / "best" : run;
}

DeviceKind inference_device(std::optional<DeviceOption> wanted, DeviceOption trained_on) {
  if (wanted) return device_kind(*wanted);
  const DeviceKind kind = device_kind(trained_on);
  if (kind != DeviceKind::cuda || visible_gpus() > 0) return kind;
  log::info("the model was trained on a GPU; there is none here, the CPU computes");
  return DeviceKind::cpu;
}

}  // namespace

FinetunedModel::FinetunedModel(const fs::path& path, const InferenceOptions& inference) {
  const fs::path run = run_folder_of(path);
  options_ = config::read<FinetuneOptions>(run / "config.yaml");
  const int threads = thread_number(inference.threads);
  set_thread_count(threads);
  opened_.emplace(open_model(checkpoint_of(path, run)));
  const Checkpoint& checkpoint = *opened_;
  checkpoint_ = checkpoint.folder();
  step_ = checkpoint.step().value_or(0);
  const TaskDescription task = finetune_task(options_, checkpoint.config().bert);
  const LabelSet labels = task.kind == TaskKind::regression || task.kind == TaskKind::question_answering
                              ? LabelSet()
                              : LabelSet(checkpoint.config().labels);
  FinetuningModel model = finetuning_model(options_, checkpoint.config().bert, task, labels);
  layout_ = finetuning_parameters(model.config, model.head, VocabularyRows::as_in_files);
  const DeviceKind device = inference_device(inference.device, options_.device);
  engine_ = make_engine(device, layout_.elements(),
                        {.precision = inference_precision(inference.precision, architecture_of(device))});
  require_complete(place_parameters(*engine_, layout_, checkpoint.parameters()));
  programs_ =
      std::make_unique<FinetuningPrograms>(std::move(model), layout_, *engine_, FinetuningCompileOptions{});
  reading_ =
      std::make_unique<TaskReading>(task_reading(options_, task, labels, checkpoint.tokenizer(), threads));
}

TaskOutputs FinetunedModel::infer(const TaskItems& items) {
  return cloze::infer(*programs_, items, options_.evaluation.batch, options_.batch.micro_batch_tokens);
}

TaskOutputs FinetunedModel::infer_file(const TaskFile& file) {
  const double began = seconds_now();
  double next_report = report_seconds;
  const auto progress = [&](size_t done) {
    const double passed = seconds_now() - began;
    if (passed < next_report || done == file.size()) return;
    next_report = passed + report_seconds;
    const double share = static_cast<double>(done) / static_cast<double>(file.size());
    log::info("{} done, {} left", human_percent(share), human_duration(passed * (1 - share) / share));
  };
  const TaskOutputs outputs =
      cloze::infer(*programs_, file, options_.evaluation.batch, options_.batch.micro_batch_tokens, progress);
  const double passed = seconds_now() - began;
  log::info("{} examples in {}: {} tokens/s", file.examples(), human_duration(passed),
            human_count(static_cast<double>(outputs.tokens) / passed));
  return outputs;
}

}  // namespace cloze
