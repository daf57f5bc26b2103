#include "engine/observe/profile_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/cpu_info.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/model/encoder_scaling.h"
#include "engine/optim/schedule.h"
#include "engine/train/model_state.h"
#include "engine/train/pretrain_setup.h"
#include "engine/train/pretrain_step.h"
#include "engine/train/run_setup.h"
#include "kernels/common/gpu_trace.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

void require_corpus(const PretrainOptions& options) {
  if (std::filesystem::exists(options.data.train / CorpusFiles::manifest)) return;
  throw UsageError(
      {.what = "there is no corpus to profile a run on",
       .where = "data.train: " + options.data.train.string(),
       .why = "its manifest.json does not exist",
       .remedy = fmt::format("cloze prepare --input TEXTS --vocab VOCAB.TXT --output {}; or name "
                             "another corpus by --set data.train=FOLDER; without texts of your "
                             "own, launch/quickstart.sh makes out/quickstart/corpus",
                             options.data.train.string())});
}

size_t phase_index(const std::vector<TrainingPhase>& phases, int64_t phase) {
  if (phase >= 1 && phase <= static_cast<int64_t>(phases.size())) return static_cast<size_t>(phase - 1);
  throw UsageError({.what = fmt::format("there is no phase {}", phase),
                    .where = "--phase",
                    .why = fmt::format("the run has {}", phases.size())});
}

std::string program_name(const Capacity& capacity, MicroBatch place) {
  const char* where = place.first && place.last ? "the only micro-batch"
                      : place.first             ? "the first micro-batch"
                      : place.last              ? "the last micro-batch"
                                                : "a micro-batch between";
  return fmt::format("up to {} tokens, {} sequences, {} predictions: {}", capacity.tokens, capacity.sequences,
                     capacity.predictions, where);
}

void require_gpu_to_trace(const PretrainOptions& options) {
  if (device_kind(options.device) == DeviceKind::cuda) return;
  throw UsageError({.what = "--replayed looks into a CUDA graph, which only a GPU runs",
                    .why = "this run is on a CPU, whose launches are timed one by one",
                    .remedy = "leave it out, or --set device=cuda"});
}

EngineOptions engine_options(const PretrainOptions& options, const ParameterLayout& layout) {
  const Precision precision = run_precision(options.precision, architecture_of(device_kind(options.device)));
  return {.training = true, .precision = precision, .state = encoder_scaling(layout, precision).state()};
}

class ProfiledTraining {
 public:
  ProfiledTraining(const PretrainOptions& options, size_t phase, Profile& profile)
      : options_(options),
        phases_(resolve_phases(options)),
        phase_(phases_[phase]),
        profile_(profile),
        corpus_(open_corpus(options.data.train)),
        config_(bert_config(options.model, corpus_->manifest().vocabulary_size, phases_)),
        layout_(pretraining_layout(options, config_)),
        engine_(
            make_engine(device_kind(options.device), layout_.elements(), engine_options(options, layout_))) {
    choose_attention(options.training.attention, *engine_);
    initialize_parameters(*engine_, layout_, options.seed, [&](const std::string&) {
      return static_cast<float>(options_.model.initializer_range);
    });
    programs_ =
        std::make_unique<PretrainingPrograms>(config_, layout_, *engine_, compile_options(options, layout_));
    loader_ = std::make_unique<PretrainingLoader>(
        corpus_, phase_.instances, phase_seed(options.seed, phase),
        LoaderOptions{.batch = phase_.batch, .ladder = phase_.ladder, .threads = 1});
  }

  Ceilings ceilings() {
    const Precision precision = engine_->target().precision;
    Cuda* gpu = engine_->cuda();
    return gpu != nullptr ? measured_ceilings(*gpu, precision) : measured_ceilings(precision);
  }
  std::string machine() const {
    const std::string cpu = fmt::format("{}; {} threads", cpu_info().text(), thread_count());
    return engine_->kind() == DeviceKind::cuda ? fmt::format("{}; {}", engine_->device_name(), cpu) : cpu;
  }

  // Before the first step, whose programs are recorded. The ceilings are measured outside of it.
  void begin_trace() { trace_ = std::make_unique<GpuTrace>(); }
  void end_trace() { trace_.reset(); }

  std::string timing() const {
    if (trace_ != nullptr) return "CUPTI's notes of the replayed CUDA graph";
    return engine_->kind() == DeviceKind::cuda ? "events of the GPU's stream, launch by launch"
                                               : "the host's clock, launch by launch";
  }

  void warm_up(int64_t step) {
    const PretrainingStep& batch = loader_->next(step);
    ProfiledStep ignored;
    compute(batch, nullptr);
    compute(batch, &ignored);
  }

  // Which of the two comes first changes from step to step: the second finds caches warmer.
  void profile_step(int64_t step) {
    ProfiledStep timed{.begin = launch_clock()};
    const PretrainingStep& batch = loader_->next(step);
    timed.batch_ready = launch_clock();
    const double waited = timed.batch_ready - timed.begin;
    if (engine_->kind() == DeviceKind::cuda) warm_new_programs(batch);
    const bool plain_first = step % 2 == 0;
    if (plain_first) timed.plain_seconds = compute(batch, nullptr);
    compute(batch, &timed);
    if (!plain_first) timed.plain_seconds = compute(batch, nullptr);
    timed.begin = timed.batch_ready - waited;
    profile_.useful_flops += training_flops(config_, timed.counts);
    profile_.steps.push_back(std::move(timed));
  }

 private:
  // In a program's first run libraries choose their algorithms; one that is traced also runs call by call.
  // Neither is part of a step.
  void warm_new_programs(const PretrainingStep& batch) {
    const size_t count = batch.micro_batches.size();
    for (size_t i = 0; i < count; ++i) {
      const MicroBatch place{.first = i == 0, .last = i + 1 == count};
      const auto* program = &programs_->training(batch.micro_batches[i].capacity, place);
      if (std::find(known_.begin(), known_.end(), program) != known_.end()) continue;
      ProfiledStep ignored;
      compute(batch, &ignored);
      return;
    }
  }

  // One update; returns its seconds. `timed`: with the times of launches.
  double compute(const PretrainingStep& batch, ProfiledStep* timed) {
    const double begin = launch_clock();
    const double rate =
        learning_rate(options_.schedule, options_.optimizer.learning_rate, updates_, options_.training.steps);
    const PretrainingStepInputs inputs = step_inputs(options_, batch, updates_, updates_, rate);
    const size_t count = batch.micro_batches.size();
    for (size_t i = 0; i < count; ++i) {
      const PretrainingBatch& micro_batch = batch.micro_batches[i];
      const MicroBatch place{.first = i == 0, .last = i + 1 == count};
      PretrainingProgram& program = programs_->training(micro_batch.capacity, place);
      ProfiledRun run{.begin = launch_clock()};
      program.load(micro_batch, inputs);
      if (timed == nullptr)
        program.run();
      else if (trace_ != nullptr)
        program.executable().run_traced(*trace_, run.launches);
      else
        program.executable().run_timed(run.launches);
      metrics_ += program.metrics(micro_batch);
      if (place.last) program.gradient_norm();
      run.end = launch_clock();
      if (timed != nullptr) keep(std::move(run), program, micro_batch, place, *timed);
    }
    ++updates_;
    const double end = launch_clock();
    if (timed != nullptr) timed->batch_ready = begin, timed->end = end;
    return end - begin;
  }

  void keep(ProfiledRun run, PretrainingProgram& program, const PretrainingBatch& batch, MicroBatch place,
            ProfiledStep& step) {
    BatchCounts counts;
    counts.add(batch.sequences.sequence_offsets, batch.sequences.live_sequences, batch.live_predictions);
    for (size_t axis = 0; axis < axis_count; ++axis)
      run.counts.rows[axis] = program.executable().live(static_cast<Axis>(axis));
    run.counts.keys_per_query = counts.squared_lengths / std::max(1.0, static_cast<double>(counts.tokens));
    run.program = index_of(program, batch.capacity, place);
    step.runs.push_back(std::move(run));
    step.counts.tokens += counts.tokens;
    step.counts.sequences += counts.sequences;
    step.counts.predictions += counts.predictions;
    step.counts.squared_lengths += counts.squared_lengths;
  }

  size_t index_of(PretrainingProgram& program, const Capacity& capacity, MicroBatch place) {
    const auto found = std::find(known_.begin(), known_.end(), &program);
    if (found != known_.end()) return static_cast<size_t>(found - known_.begin());
    known_.push_back(&program);
    profile_.programs.push_back({.name = program_name(capacity, place),
                                 .graph = std::make_shared<const Graph>(program.executable().graph())});
    return known_.size() - 1;
  }

  const PretrainOptions& options_;
  std::vector<TrainingPhase> phases_;
  const TrainingPhase& phase_;
  Profile& profile_;
  std::shared_ptr<const Corpus> corpus_;
  BertConfig config_;
  ParameterLayout layout_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<GpuTrace> trace_;  // or none
  std::unique_ptr<PretrainingPrograms> programs_;
  std::unique_ptr<PretrainingLoader> loader_;
  std::vector<const PretrainingProgram*> known_;  // as Profile::programs
  PretrainingMetrics metrics_;                    // read as a run reads them; nobody looks
  int64_t updates_ = 0;
};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double median_step_seconds(const Profile& profile) {
  std::vector<double> seconds;
  for (const ProfiledStep& step : profile.steps) seconds.push_back(step.end - step.batch_ready);
  return median(std::move(seconds));
}

double median_plain_seconds(const Profile& profile) {
  std::vector<double> seconds;
  for (const ProfiledStep& step : profile.steps) seconds.push_back(step.plain_seconds);
  return median(std::move(seconds));
}

Profile profile_pretraining(const PretrainOptions& options, const ProfileOptions& profile_options,
                            const std::string& title) {
  require_corpus(options);
  if (profile_options.replayed) require_gpu_to_trace(options);
  const size_t phase = phase_index(resolve_phases(options), profile_options.phase);
  set_thread_count(thread_number(options.threads));
  Profile profile{.title = fmt::format("{}, phase {}", title, profile_options.phase)};
  ProfiledTraining training(options, phase, profile);
  profile.machine = training.machine();
  profile.ceilings = training.ceilings();
  if (profile_options.replayed) training.begin_trace();
  profile.timing = training.timing();
  const int64_t first = profile_options.warm_up;
  for (int64_t step = 0; step < first; ++step) training.warm_up(step);
  log::info("{} steps of warm-up done, {} steps are timed", first, profile_options.steps);
  for (int64_t step = first; step < first + profile_options.steps; ++step) training.profile_step(step);
  training.end_trace();
  profile.ceilings = better_of(profile.ceilings, training.ceilings());
  return profile;
}

}  // namespace cloze
