#pragma once

#include <string>

#include "engine/passes/passes.h"
#include "engine/train/pretrain_options.h"

// `cloze plan` and `cloze graph`: what a step of a run will be, before anything of it is allocated.
namespace cloze {

// Bytes a training run takes at its greatest micro-batch.
struct MemoryBudget {
  int64_t parameters = 0, gradients = 0, moments = 0;
  int64_t compute_copy = 0;  // of the parameters, in bf16
  int64_t arena = 0;         // activations, gradients of activations, workspaces: reused by the memory plan
  int64_t inputs = 0;        // step inputs
  int64_t snapshot = 0;      // what checkpoints are written from; memory of the host
  int64_t corpora = 0;       // mapped: read as training goes on, given back when memory is short
  int64_t scratch = 0;       // of the matmul library, measured
  int64_t program = 0;       // what the process itself takes, measured
  int64_t fixed() const {
    return parameters + compute_copy + gradients + moments + snapshot + corpora + scratch + program;
  }
  int64_t total() const { return fixed() + arena + inputs; }
};

// Uses `options.threads` threads from here on.
MemoryBudget memory_budget(const PretrainOptions& options, const Target& target = {});

// The plan as text: bytes, FLOPs, length of the run, what to change where it does not fit. `gpu` is empty
// (this machine) or one of known_gpus(); throws UsageError for another.
std::string describe_plan(const PretrainOptions& options, const std::string& gpu);

// Builds the graph of a whole step (one micro-batch of the last phase) through all passes, for this machine
// or a GPU as describe_plan does, showing it to the observer.
void build_training_graph(const PretrainOptions& options, const std::string& gpu,
                          const PassObserver& observer);

}  // namespace cloze
