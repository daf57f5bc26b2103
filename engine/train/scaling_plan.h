#pragma once

#include <string>
#include <vector>

#include "engine/train/cluster_links.h"
#include "engine/train/planned_run.h"
#include "engine/train/pretrain_options.h"

// What a step takes on many devices, from the graph's own FLOPs and bytes and a description of the links.
// docs/scaling.md has the assumptions and how they compare with measured runs.
namespace cloze {

// What a device reaches, per second, in the work of a step.
struct DeviceRates {
  double matmul_flops = 0;
  double attention_flops = 0;
  double bytes = 0;  // of its memory, both directions together
};
// Of a GPU in bf16, by name; or of this machine's processor in float32, shared by `processes` of them.
DeviceRates rates_of_gpu(const std::string& name);
DeviceRates rates_of_processor(int processes, Precision precision);

// Seconds of one step on every device.
struct StepPrediction {
  double computing = 0;      // as if alone
  double communicating = 0;  // of all collectives, one after another
  double exposed = 0;        // of these, what computing waits for
  double seconds() const { return computing + exposed; }
};

// Walks through the nodes of one micro-batch in their order: a node takes the longer of its arithmetic and
// its bytes; collectives follow each other on their own, and a node that joins them waits. Work that is
// overlapped is assumed not to slow the other.
StepPrediction predict_micro_batch(const Graph& graph, const DeviceRates& rates, const ClusterShape& cluster);

// A step of full sequences of `phase`: every device has its part of the global batch, in as many
// micro-batches as batch.micro_batch_tokens asks for.
StepPrediction predict_step(const PretrainOptions& options, const PlannedRun& run, const TrainingPhase& phase,
                            const DeviceRates& rates, const ClusterShape& cluster);

// The cluster to plan for, as the flags of `cloze plan` say it.
struct ClusterPlan {
  std::string gpu;  // one of known_gpus(), or empty: processes on this machine's processor
  int devices = 1;  // of each node
  int nodes = 1;
  std::string node_link;        // between the devices of a node; empty: what is usual for the GPU
  std::string link = "ib-400";  // between nodes
};

// For one device, and doubling up to the whole cluster, first within a node: a line each for every phase.
// Throws UsageError for what it does not know.
std::string describe_scaling(const PretrainOptions& options, const ClusterPlan& plan);

}  // namespace cloze
