#include "engine/cli/inference_flags.h"

#include "engine/cli/choice_option.h"

namespace cloze {

void add_inference_flags(CLI::App& command, InferenceOptions& options) {
  command.add_option("--threads", options.threads, "Processor threads; 0: all")
      ->check(CLI::NonNegativeNumber);
  add_choice_option<DeviceOption>(command, "--device", options.device,
                                  {{"cpu", DeviceOption::cpu}, {"cuda", DeviceOption::cuda}},
                                  "Default: where the run was trained, if that is here, else cpu");
  add_choice_option<PrecisionOption>(
      command, "--precision", options.precision,
      {{"auto", PrecisionOption::automatic}, {"f32", PrecisionOption::f32}, {"bf16", PrecisionOption::bf16}},
      "auto, the default: bf16 on a GPU, f32 on a CPU");
}

}  // namespace cloze
