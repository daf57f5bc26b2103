#include "profiling/bench/gpu/step_rates.h"

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/model/encoder_scaling.h"
#include "engine/tasks/late_metrics.h"
#include "profiling/bench/gpu/step_workload.h"

namespace cloze::bench {
namespace {

UpdateAttributes adamw_of(const ParameterLayout& layout) {
  std::vector<ParameterSegment> segments;
  for (const Parameter& parameter : layout.parameters())
    segments.push_back(
        {parameter.offset, parameter.offset + parameter.elements(), parameter.vector ? 0.0f : 0.01f, 1});
  return {.segments = std::make_shared<const std::vector<ParameterSegment>>(std::move(segments))};
}

// A model in training.
class Training {
 public:
  Training(const StepWorkload& workload, const StepOptions& options)
      : workload_(workload),
        layout_(bert_parameters(workload.config, {})),
        engine_(open_engine(options.fp8 ? Precision::fp8 : Precision::bf16)),
        programs_(workload.config, layout_, *engine_, {.update = adamw_of(layout_)}),
        program_(begin(options.cudnn)),
        late_(program_) {}

  // Trains for so long; the figures of it.
  nlohmann::ordered_json train(double seconds) {
    using Clock = std::chrono::steady_clock;
    const auto began = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
    BatchCounts counts;
    double flops = 0;
    int64_t steps = 0;
    // Whole rounds of the batches: those of a mix are not alike.
    while (steps == 0 || passed() < seconds)
      for (size_t i = 0; i < workload_.batches.size(); ++i, ++steps) {
        step(workload_.batches[i]);
        counts.tokens += workload_.counts[i].tokens;
        flops += training_flops(workload_.config, workload_.counts[i]);
      }
    while (late_.kept() > 0) loss_ = late_.read().metrics.loss();
    const double whole = passed(), many = static_cast<double>(steps);
    return {{"steps", steps},
            {"seconds", whole},
            {"milliseconds", 1e3 * whole / many},
            {"tokens_of_a_step", static_cast<double>(counts.tokens) / many},
            {"tokens_per_second", static_cast<double>(counts.tokens) / whole},
            {"flops_per_second", flops / whole},
            {"last_loss", loss_}};
  }

 private:
  std::unique_ptr<Engine> open_engine(Precision precision) const {
    return make_engine(
        DeviceKind::cuda, layout_.elements(),
        {.training = true, .precision = precision, .state = encoder_scaling(layout_, precision).state()});
  }
  PretrainingProgram& begin(bool cudnn) {
    if (cudnn) engine_->compute_attention_by_cudnn();
    for (const Parameter& parameter : layout_.parameters()) {
      std::vector<float> values(static_cast<size_t>(parameter.elements()));
      initialize_parameter(parameter, workload_.config.initializer_range, 1, 0, values);
      engine_->write(Memory::parameters, parameter.offset, values);
    }
    return programs_.training(workload_.batches[0].capacity, {.first = true, .last = true});
  }
  void step(const PretrainingBatch& batch) {
    program_.load(batch, {.global_predictions = batch.live_predictions,
                          .global_sequences = batch.sequences.live_sequences,
                          .dropout_key = {++steps_, 1},
                          .update_scalars = {1e-4f, 1, 1}});
    program_.run();
    late_.keep(batch);
    if (late_.kept() == LateMetrics::most_kept) loss_ = late_.read().metrics.loss();
  }

  const StepWorkload& workload_;
  ParameterLayout layout_;
  std::unique_ptr<Engine> engine_;
  PretrainingPrograms programs_;
  PretrainingProgram& program_;
  LateMetrics late_;
  double loss_ = 0;
  uint32_t steps_ = 0;
};

std::string name_of(const StepOptions& options) {
  return std::string("cloze") + (options.fp8 ? ", FP8" : "") + (options.cudnn ? ", cuDNN" : "");
}

void say(const nlohmann::ordered_json& line) {
  std::cout << line.dump() << std::endl;
}

}  // namespace

int answer_with_steps(const std::string& name, const StepOptions& options) {
  constexpr double warm_up = 0.5, unasked = 5;  // seconds
  const StepWorkload workload = step_workload(name, options.lengths_file);
  Training training(workload, options);
  training.train(warm_up);
  say({{"ready", name}});
  bool asked = false;
  const auto answer = [&](double seconds) {
    nlohmann::ordered_json line = {{"part", "steps"}, {"key", name}, {"by", name_of(options)}};
    line.update(training.train(seconds));
    say(line);
  };
  for (double seconds = 0; std::cin >> seconds; asked = true) answer(seconds);
  if (!asked) answer(unasked);
  return 0;
}

}  // namespace cloze::bench
