#include "engine/train/run_setup.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/log.h"

namespace cloze {

int thread_number(int threads, int processes) {
  if (threads > 0) return threads;
  const auto online = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  const auto own = static_cast<int>(std::thread::hardware_concurrency());  // heeds the binding
  return std::max(1, own < online ? own : own / processes);
}

DeviceKind device_kind(DeviceOption device) {
  switch (device) {
    case DeviceOption::reference:
      return DeviceKind::reference;
    case DeviceOption::cuda:
      return DeviceKind::cuda;
    case DeviceOption::automatic:
    case DeviceOption::cpu:
      break;
  }
  return DeviceKind::cpu;
}

int gpu_number(int local_rank, int visible) {
  return visible == 1 ? 0 : local_rank;
}

void choose_attention(AttentionOption attention, Engine& engine) {
  if (attention == AttentionOption::own) return;
  engine.compute_attention_by_cudnn();
  log::warning(
      "attention by cuDNN has not run on a GPU yet: hold the first losses against those of "
      "training.attention: own");
}

void announce_gpu(const Engine& engine, Precision precision) {
  if (engine.kind() != DeviceKind::cuda) return;
  log::info("computes on {} in {}{}", engine.device_name(), stores_bf16(precision) ? "bfloat16" : "float32",
            multiplies_float8(precision) ? ", the products of its layers in FP8" : "");
  log::warning(
      "the GPU's part has run on an emulator only so far: hold the first losses against those of device: "
      "cpu");
}

Precision run_precision(PrecisionOption precision, Architecture architecture,
                        bool processor_multiplies_bf16) {
  const bool on_gpu = architecture == Architecture::cuda;
  switch (precision) {
    case PrecisionOption::f32:
      return Precision::full;
    case PrecisionOption::automatic:
      return on_gpu ? Precision::bf16 : Precision::full;
    case PrecisionOption::fp8:
      return on_gpu ? Precision::fp8 : Precision::fp8_products;
    case PrecisionOption::bf16:
      if (on_gpu) return Precision::bf16;
      break;
  }
  if (!processor_multiplies_bf16) {
    throw UsageError({.what = "this CPU does not multiply bf16",
                      .where = "precision",
                      .why = "it has neither AVX512-BF16 nor AMX: float32 is faster",
                      .remedy = "precision: auto or f32"});
  }
  return Precision::bf16_products;
}

Precision inference_precision(PrecisionOption precision, Architecture architecture) {
  return run_precision(precision == PrecisionOption::fp8 ? PrecisionOption::automatic : precision,
                       architecture);
}

UpdateAttributes update_attributes(const OptimizerOptions& options, const ParameterLayout& layout,
                                   const std::function<float(const std::string& name)>& rate_of) {
  std::vector<ParameterSegment> segments;
  for (const Parameter& parameter : layout.parameters()) {
    segments.push_back({.begin = parameter.offset,
                        .end = parameter.offset + parameter.elements(),
                        .weight_decay = static_cast<float>(weight_decay_of(options, parameter.name)),
                        .learning_rate_scale = rate_of(parameter.name)});
  }
  return {.rule = options.kind == OptimizerKind::lamb ? UpdateRule::lamb : UpdateRule::adamw,
          .beta1 = static_cast<float>(options.beta1),
          .beta2 = static_cast<float>(options.beta2),
          .epsilon = static_cast<float>(options.epsilon),
          .max_gradient_norm = static_cast<float>(options.max_gradient_norm),
          .segments = std::make_shared<const std::vector<ParameterSegment>>(std::move(segments))};
}

}  // namespace cloze
