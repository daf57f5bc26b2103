#include "engine/train/run_setup.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace cloze {

int thread_number(int threads, int processes) {
  if (threads > 0) return threads;
  const auto online = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  const auto own = static_cast<int>(std::thread::hardware_concurrency());  // heeds the binding
  return std::max(1, own < online ? own : own / processes);
}

DeviceKind device_kind(DeviceOption device) {
  return device == DeviceOption::reference ? DeviceKind::reference : DeviceKind::cpu;
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
