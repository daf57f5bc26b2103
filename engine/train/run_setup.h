#pragma once

#include <functional>
#include <string>

#include "engine/graph/parameters.h"
#include "engine/ops/optimizer.h"
#include "engine/optim/optimizer_options.h"
#include "engine/runtime/engine.h"
#include "engine/train/pretrain_options.h"
#include "kernels/linear/rounded_product.h"

// What every run sets up alike, whether it pretrains or fine-tunes.
namespace cloze {

// `threads` of the options, or as many as the machine has, divided among `processes` on it. Where the process
// is bound to some of the processors, as mpirun does, these are its own.
int thread_number(int threads, int processes = 1);

// The device that the option names.
DeviceKind device_kind(DeviceOption device);
inline Architecture architecture_of(DeviceKind kind) {
  return kind == DeviceKind::cuda ? Architecture::cuda : Architecture::cpu;
}

// The GPU of a process that is `local_rank` among those of its machine and sees `visible` of them: its own,
// or the only one it was left (as srun --gpus-per-task=1 does).
int gpu_number(int local_rank, int visible);

// The kernels of attention that the option names; says what that means.
void choose_attention(AttentionOption attention, Engine& engine);

// Logs which GPU computes, and how far that can be relied on; nothing for other devices.
void announce_gpu(const Engine& engine, Precision precision);

// What a run computes in on such a machine. Throws UsageError where it has not what is asked for.
Precision run_precision(PrecisionOption precision, Architecture architecture,
                        bool processor_multiplies_bf16 = multiplies_bf16());

// The same for a model that only answers, which multiplies nothing in FP8.
Precision inference_precision(PrecisionOption precision, Architecture architecture);

// The update of the options: weight decay as BERT has it (weight_decay_of), clipping, and of each parameter
// the part of the learning rate that `rate_of` gives for its name; 0: it is frozen.
UpdateAttributes update_attributes(const OptimizerOptions& options, const ParameterLayout& layout,
                                   const std::function<float(const std::string& name)>& rate_of);

}  // namespace cloze
