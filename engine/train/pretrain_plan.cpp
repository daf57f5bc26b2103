#include "engine/train/pretrain_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "engine/base/cpu_info.h"
#include "engine/base/error.h"
#include "engine/base/format.h"
#include "engine/base/memory.h"
#include "engine/graph/cost.h"
#include "engine/graph/memory_plan.h"
#include "engine/model/flops.h"
#include "engine/train/known_gpus.h"
#include "engine/train/machine_peak.h"
#include "engine/train/planned_run.h"
#include "engine/train/pretrain_checkpoints.h"
#include "engine/train/run_setup.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

// What driver, libraries and their workspaces keep of a GPU's memory: an assumption.
constexpr int64_t gpu_reserve = int64_t{1} << 30;
constexpr double assumed_gpu_share = 0.4;

// A step of full sequences.
BatchCounts full_batch(const TrainingPhase& phase) {
  const double length = phase.instances.max_sequence_length;
  const double sequences = phase.batch.unit == BatchSize::Unit::sequences
                               ? static_cast<double>(phase.batch.amount)
                               : static_cast<double>(phase.batch.amount) / length;
  const double predictions = std::min<double>(phase.instances.max_predictions,
                                              std::round(length * phase.instances.masked_probability));
  return {.tokens = static_cast<int64_t>(sequences * length),
          .sequences = static_cast<int64_t>(sequences),
          .predictions = static_cast<int64_t>(sequences * predictions),
          .squared_lengths = sequences * length * length};
}

int64_t corpus_bytes(const std::filesystem::path& folder) {
  int64_t bytes = 0;
  if (!std::filesystem::is_directory(folder)) return bytes;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.is_regular_file()) bytes += static_cast<int64_t>(file.file_size());
  }
  return bytes;
}

std::string line(const std::string& what, int64_t bytes, const std::string& note = "") {
  return fmt::format("  {:<28}{:>12}  {}\n", what, human_bytes(static_cast<uint64_t>(bytes)), note);
}

std::string graph_costs(const Graph& graph) {
  std::map<std::string, Cost> costs;
  Cost total;
  for (const Node& node : graph.nodes()) {
    const Cost cost = capacity_cost(graph, node);
    for (Cost* sum : {&costs[std::string(node.op->name())], &total})
      sum->flops += cost.flops, sum->bytes += cost.bytes;
  }
  std::string text = fmt::format("Work of one micro-batch at full capacity: {} nodes, {}FLOP, {} moved\n",
                                 graph.nodes().size(), human_count(total.flops),
                                 human_bytes(static_cast<uint64_t>(total.bytes)));
  for (const auto& [name, cost] : costs) {
    if (cost.flops + cost.bytes == 0) continue;
    text += fmt::format("  {:<28}{:>12}FLOP {:>12}\n", name, human_count(cost.flops),
                        human_bytes(static_cast<uint64_t>(cost.bytes)));
  }
  return text;
}

std::string advice(const PretrainOptions& options, const MemoryBudget& budget, double available) {
  if (static_cast<double>(budget.total()) <= available) return "It fits.\n";
  std::string text = "It does NOT fit. What to change:\n";
  if (static_cast<double>(budget.fixed()) < available) {
    const double factor =
        (available - static_cast<double>(budget.fixed())) / static_cast<double>(budget.arena);
    text += fmt::format(
        "  batch.micro_batch_tokens: {}   (now {})\n",
        static_cast<int64_t>(0.9 * factor * static_cast<double>(options.batch.micro_batch_tokens)),
        options.batch.micro_batch_tokens);
    if (options.training.recompute != Recompute::layers) text += "  training.recompute: layers\n";
  } else {
    text +=
        "  parameters, gradients and moments alone are too large: a smaller model (model.layers, "
        "model.hidden_size)\n";
  }
  return text;
}

// Of the whole step, not of what batch.micro_batch_tokens allows: it is what that key could be raised to.
std::string largest_batches(const PretrainOptions& options, const PlannedRun& run, const MemoryBudget& budget,
                            double available) {
  std::string text = "Largest batch at once\n";
  const auto room = static_cast<int64_t>(available) - budget.fixed();
  for (const TrainingPhase& phase : run.phases) {
    const int64_t length = phase.instances.max_sequence_length;
    text += fmt::format("  sequences of {} tokens:", length);
    for (const Recompute recompute : {Recompute::automatic, Recompute::layers}) {
      PretrainOptions changed = options;
      changed.training.recompute = recompute;
      const int64_t sequences = room > 0 ? largest_batch(changed, run, phase, room) : 0;
      text += fmt::format(" {} ({} tokens){}", sequences, sequences * length,
                          recompute == Recompute::automatic ? ";" : " with training.recompute: layers\n");
    }
  }
  return text;
}

bool shards_moments(const PretrainOptions& options) {
  return options.cluster.shard_optimizer && options.cluster.processes > 1;
}

// Bytes of both moments, on the rank that holds most.
int64_t largest_share_of_moments(const PretrainOptions& options, const ParameterLayout& layout) {
  const int processes = options.cluster.processes;
  const auto buckets = cut_into_buckets(layout, bucket_elements(options.cluster), processes);
  int64_t most = 0;
  for (int rank = 0; rank < processes; ++rank)
    most = std::max(most, moment_elements(shards_of(buckets, rank, processes)));
  return 2 * most * static_cast<int64_t>(sizeof(float));
}

// None: this machine.
const Gpu* gpu_or_none(const std::string& name) {
  return name.empty() ? nullptr : &find_gpu(name);
}

Target target_of(const PretrainOptions& options, const Gpu* gpu) {
  const Architecture architecture = gpu != nullptr ? Architecture::cuda : Architecture::cpu;
  return {.architecture = architecture, .precision = run_precision(options.precision, architecture)};
}

}  // namespace

void build_training_graph(const PretrainOptions& options, const std::string& gpu,
                          const PassObserver& observer) {
  const PlannedRun run = plan_run(options, target_of(options, gpu_or_none(gpu)));
  training_graph(options, run, run.phases.back().ladder.back(), {}, observer);
}

MemoryBudget memory_budget(const PretrainOptions& options, const Target& target) {
  if (options.threads > 0) set_thread_count(options.threads);
  const int64_t scratch = measured_matmul_scratch(target.precision);  // before the process grows
  const PlannedRun run = plan_run(options, target);
  const int64_t flat = run.layout.elements() * static_cast<int64_t>(sizeof(float));
  MemoryBudget budget{.parameters = flat, .gradients = flat, .moments = 2 * flat};
  if (keeps_compute_copy(target.precision)) budget.compute_copy = flat / 2;
  for (const TrainingPhase& phase : run.phases) {
    const WorkingMemory memory = working_memory(options, run, phase.ladder.back());
    budget.arena = std::max(budget.arena, memory.arena);
    budget.inputs = std::max(budget.inputs, memory.inputs);
  }
  const bool sharded = shards_moments(options);
  if (sharded) budget.moments = largest_share_of_moments(options, run.layout);
  if (PretrainCheckpoints::needs_snapshot(options, sharded))
    budget.snapshot = StateSnapshot::bytes(run.layout.elements());
  budget.corpora = corpus_bytes(options.data.train);
  if (options.data.validation) budget.corpora += corpus_bytes(*options.data.validation);
  budget.scratch = scratch;
  budget.program = static_cast<int64_t>(process_memory().resident);
  return budget;
}

std::string describe_plan(const PretrainOptions& options, const std::string& gpu) {
  const Gpu* device = gpu_or_none(gpu);
  const PlannedRun run = plan_run(options, target_of(options, device));
  MemoryBudget budget = memory_budget(options, run.target);
  if (device != nullptr) budget.snapshot = budget.corpora = budget.program = 0, budget.scratch = gpu_reserve;
  const Capacity& capacity = run.phases.back().ladder.back();
  const Graph graph = training_graph(options, run, capacity, {});

  std::string text = fmt::format("Model: {} parameters", run.layout.count());
  if (!run.has_corpus) {
    text += fmt::format(" ({} is not there yet: a vocabulary of {} assumed)", options.data.train.string(),
                        assumed_vocabulary);
  }
  text += "\n\nMemory\n";
  text += line("parameters", budget.parameters, "float32");
  if (budget.compute_copy > 0) text += line("parameters to compute with", budget.compute_copy, "bfloat16");
  text += line("gradients", budget.gradients, "float32");
  text += line("moments", budget.moments,
               shards_moments(options)
                   ? fmt::format("two, float32, of the share of one process of {}", options.cluster.processes)
                   : "two, float32");
  const MemoryPlan plan = plan_memory(graph);
  text += line("activations and workspace", budget.arena,
               fmt::format("{}, {} tokens, {} sequences, {} predictions at once; without reuse {}",
                           stores_bf16(run.target.precision) ? "bfloat16" : "float32", capacity.tokens,
                           capacity.sequences, capacity.predictions,
                           human_bytes(static_cast<uint64_t>(plan.unshared_bytes))));
  text += line("step inputs", budget.inputs);
  if (device != nullptr) {
    text += line("driver and libraries", budget.scratch, "assumed");
  } else {
    if (budget.snapshot > 0) text += line("copy for checkpoints", budget.snapshot, "float32, on rank 0");
    text += line("corpora", budget.corpora, "mapped files");
    text += line("matmul library", budget.scratch, "while it multiplies, measured");
    text += line("the program itself", budget.program);
  }
  text += line("in all", budget.total());
  const double available =
      device != nullptr ? device->memory_bytes : static_cast<double>(machine_memory().available);
  text += line(device != nullptr ? gpu : "available here", static_cast<int64_t>(available));
  text += advice(options, budget, available) + "\n";
  text += largest_batches(options, run, budget, available) + "\n" + graph_costs(graph) + "\nThe run\n";

  const double peak = device != nullptr ? device->peak_flops : measured_matmul_peak(run.target.precision);
  const double share = device != nullptr ? assumed_gpu_share : assumed_processor_share;
  double seconds = 0;
  for (const TrainingPhase& phase : run.phases) {
    const BatchCounts counts = full_batch(phase);
    const double flops = training_flops(run.config, counts), step = flops / (peak * share);
    const auto steps = static_cast<double>(phase.end - phase.begin);
    seconds += step * steps;
    text += fmt::format("  {} steps of {} sequences of {} tokens: {}FLOP and about {} each\n",
                        phase.end - phase.begin, counts.sequences, phase.instances.max_sequence_length,
                        human_count(flops), human_duration(step));
  }
  text += fmt::format(
      "  about {} on {}: {}FLOP/s, of which {:.0f} % assumed useful; full sequences assumed\n",
      human_duration(seconds), device != nullptr ? gpu : "this machine (" + cpu_info().text() + ")",
      human_count(peak), 100 * share);
  return text;
}

}  // namespace cloze
