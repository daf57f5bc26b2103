#include "engine/train/scaling_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "engine/base/format.h"
#include "engine/graph/cost.h"
#include "engine/ops/buckets.h"
#include "engine/parallel/communicator.h"
#include "engine/train/known_gpus.h"
#include "engine/train/machine_peak.h"
#include "engine/train/run_setup.h"

namespace cloze {
namespace {

// Shares of what the maker states that training reaches: assumptions (docs/scaling.md).
constexpr double gpu_matmul_share = 0.70, gpu_attention_share = 0.27, gpu_memory_share = 0.85;
constexpr const char* processor_node_link = "2GB/s";  // through the loopback device

double seconds_of(const Node& node, const Cost& cost, const DeviceRates& rates) {
  const bool attention = node.op->name().starts_with("attention");
  return std::max(cost.flops / (attention ? rates.attention_flops : rates.matmul_flops),
                  cost.bytes / rates.bytes);
}

// How gradients would be summed over `devices`, before any of these is there: planned with a job of one,
// whose collectives are never started.
Reduction planned_reduction(const ClusterOptions& options, const ParameterLayout& layout, int devices) {
  if (devices == 1) return {};
  return {.communicator = make_single_process_communicator(),
          .buckets = cut_into_buckets(layout, bucket_elements(options), devices),
          .overlap = options.overlap,
          .wire = options.reduction};
}

int64_t sequences_of(const TrainingPhase& phase) {
  return phase.batch.unit == BatchSize::Unit::sequences
             ? phase.batch.amount
             : std::max<int64_t>(1, phase.batch.amount / phase.instances.max_sequence_length);
}

int64_t divided_up(int64_t total, int64_t parts) {
  return (total + parts - 1) / parts;
}

// The cluster with its first `count` devices, by nodes.
ClusterShape part_of(const ClusterShape& cluster, int count) {
  ClusterShape part = cluster;
  part.devices = std::min(cluster.devices, count);
  part.nodes = count / part.devices;
  return part;
}

std::vector<int> device_counts(const ClusterShape& cluster) {
  std::vector<int> counts;
  for (int devices = 1; devices < cluster.devices; devices *= 2) counts.push_back(devices);
  for (int nodes = 1; nodes < cluster.nodes; nodes *= 2) counts.push_back(nodes * cluster.devices);
  counts.push_back(cluster.size());
  return counts;
}

}  // namespace

DeviceRates rates_of_gpu(const std::string& name) {
  const Gpu& gpu = find_gpu(name);
  return {.matmul_flops = gpu_matmul_share * gpu.peak_flops,
          .attention_flops = gpu_attention_share * gpu.peak_flops,
          .bytes = gpu_memory_share * gpu.bytes_per_second};
}

DeviceRates rates_of_processor(int processes, Precision precision) {
  const double flops = assumed_processor_share * measured_matmul_peak(precision) / processes;
  return {.matmul_flops = flops, .attention_flops = flops, .bytes = std::numeric_limits<double>::infinity()};
}

StepPrediction predict_micro_batch(const Graph& graph, const DeviceRates& rates,
                                   const ClusterShape& cluster) {
  StepPrediction step;
  double now = 0, links_free = 0;
  const auto wait_for_links = [&] {
    step.exposed += std::max(0.0, links_free - now);
    now = std::max(now, links_free);
  };
  for (const Node& node : graph.nodes()) {
    const Cost cost = capacity_cost(graph, node);
    if (cost.joins_collectives) wait_for_links();
    const double computing = seconds_of(node, cost, rates);
    step.computing += computing;
    now += computing;
    const double communicating =
        reduce_scatter_seconds(cluster, cost.scattered) + reduce_scatter_seconds(cluster, cost.gathered);
    if (communicating == 0) continue;
    step.communicating += communicating;
    links_free = std::max(now, links_free) + communicating;
  }
  wait_for_links();
  return step;
}

StepPrediction predict_step(const PretrainOptions& options, const PlannedRun& run, const TrainingPhase& phase,
                            const DeviceRates& rates, const ClusterShape& cluster) {
  const int64_t share = divided_up(sequences_of(phase), cluster.size());
  const int64_t most =
      std::max<int64_t>(1, options.batch.micro_batch_tokens / phase.instances.max_sequence_length);
  const int64_t count = divided_up(share, most);
  const Capacity capacity = full_capacity(phase, divided_up(share, count));
  PlannedRun together = run;
  together.reduction = planned_reduction(options.cluster, run.layout, cluster.size());
  const auto predict = [&](MicroBatch place) {
    return predict_micro_batch(training_graph(options, together, capacity, place), rates, cluster);
  };
  StepPrediction step = predict({.first = count == 1, .last = true});
  if (count > 1) step.computing += predict({.first = true, .last = false}).computing;
  if (count > 2) {
    step.computing += static_cast<double>(count - 2) * predict({.first = false, .last = false}).computing;
  }
  return step;
}

std::string describe_scaling(const PretrainOptions& options, const ClusterPlan& plan) {
  const bool on_gpus = !plan.gpu.empty();
  const Architecture architecture = on_gpus ? Architecture::cuda : Architecture::cpu;
  const Target target{.architecture = architecture,
                      .precision = run_precision(options.precision, architecture)};
  const PlannedRun run = plan_run(options, target);
  const DeviceRates rates =
      on_gpus ? rates_of_gpu(plan.gpu) : rates_of_processor(plan.devices, target.precision);
  const std::string usual = on_gpus ? find_gpu(plan.gpu).node_link : processor_node_link;
  const ClusterShape cluster{
      .nodes = plan.nodes,
      .devices = plan.devices,
      .inside = parse_link(plan.node_link.empty() ? usual : plan.node_link, "--node-link"),
      .between = parse_link(plan.link, "--link")};
  std::string text = "Many devices, predicted (full sequences; docs/scaling.md says from what)\n";
  for (const TrainingPhase& phase : run.phases) {
    const auto sequences = static_cast<double>(sequences_of(phase));
    text += fmt::format("  {:.0f} sequences of {} tokens\n", sequences, phase.instances.max_sequence_length);
    text += fmt::format("  {:>8}{:>7}{:>12}{:>12}{:>12}{:>12}{:>14}{:>12}\n", "devices", "nodes", "computing",
                        "sums", "exposed", "a step", "sequences/s", "efficiency");
    double alone = 0;
    for (const int count : device_counts(cluster)) {
      if (count > sequences) {
        text += fmt::format("  {:>8}  more devices than sequences: raise batch.sequences\n", count);
        continue;
      }
      const ClusterShape part = part_of(cluster, count);
      const StepPrediction step = predict_step(options, run, phase, rates, part);
      const double rate = sequences / step.seconds();
      if (count == 1) alone = rate;
      text += fmt::format("  {:>8}{:>7}{:>12}{:>12}{:>12}{:>12}{:>14}{:>12}\n", count, part.nodes,
                          human_duration(step.computing), human_duration(step.communicating),
                          human_duration(step.exposed), human_duration(step.seconds()), human_count(rate),
                          human_percent(rate / (alone * count)));
    }
  }
  return text;
}

}  // namespace cloze
