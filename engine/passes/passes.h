#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/ops/buckets.h"
#include "engine/ops/float8_scaling.h"
#include "engine/ops/optimizer.h"
#include "engine/parallel/communicator.h"
#include "engine/passes/target.h"

namespace cloze {

// What backward computes again instead of keeping: nothing; activations [T, intermediate] and outputs of
// layer norms [T, hidden]; whole layers; or by the target: on a CPU, where they take less than a hundredth of
// the step, activations, on a GPU nothing.
enum class Recompute : uint8_t { automatic, none, activations, layers };
Recompute resolve(Recompute choice, const Target& target);

// Where a program stands in a step of several micro-batches.
struct MicroBatch {
  bool first = true;  // gradients are written; in later ones added
  bool last = true;   // the parameters are updated
  friend bool operator==(const MicroBatch&, const MicroBatch&) = default;
};

// How gradients are summed over processes.
struct Reduction {
  std::shared_ptr<Communicator> communicator;  // none: one process, nothing is summed
  std::vector<Bucket> buckets;                 // the flat buffers, as cut_into_buckets() cuts them
  bool overlap = true;                         // off: all buckets after backward
  Wire wire = Wire::f32;                       // as what gradients travel
  bool shard_update = false;                   // every process updates its shards only (shards_of)
};

// Everything the passes are told.
struct PassOptions {
  Target target;
  bool train = true;            // off: the forward graph stays as it is (evaluation, prediction)
  std::vector<ValueId> losses;  // roots of differentiation; each has gradient one
  bool needed_rows = true;
  bool fuse = true;
  Recompute recompute = Recompute::none;
  MicroBatch micro_batch;
  Reduction reduction;
  int64_t parameter_elements = 0;     // size of the flat buffers
  ValueId update_scalars = no_value;  // OptimizerScalars
  UpdateAttributes update;
  Float8Scaling scaling;  // of a run that multiplies FP8
};

// A pass rewrites a graph; one file each.
struct Pass {
  std::string_view name;
  std::string_view what;
  void (*run)(Graph& graph, const PassOptions& options);
  bool training_only;
};

// All passes, in the order they run.
const std::vector<Pass>& all_passes();

// Called after each pass with its name, the graph validated.
using PassObserver = std::function<void(std::string_view pass, const Graph& graph)>;

// Runs all passes (those for training only where options.train) and validates the graph after each.
void run_passes(Graph& graph, const PassOptions& options, const PassObserver& observer = {});
void run_passes(Graph& graph, std::span<const Pass> passes, const PassOptions& options,
                const PassObserver& observer);

void compute_needed_rows(Graph& graph, const PassOptions& options);
void order_attention(Graph& graph, const PassOptions& options);
void differentiate_losses(Graph& graph, const PassOptions& options);
void choose_precision(Graph& graph, const PassOptions& options);
void fuse(Graph& graph, const PassOptions& options);
void quantize_products(Graph& graph, const PassOptions& options);
void quantize_where_made(Graph& graph, const PassOptions& options);
void use_epilogues(Graph& graph, const PassOptions& options);
void accumulate_in_place(Graph& graph, const PassOptions& options);
void continue_micro_batch(Graph& graph, const PassOptions& options);
void recompute_activations(Graph& graph, const PassOptions& options);
void reduce_gradients(Graph& graph, const PassOptions& options);
void append_update(Graph& graph, const PassOptions& options);
void update_scaling(Graph& graph, const PassOptions& options);
void drop_unused(Graph& graph, const PassOptions& options);

// Step inputs that compute_needed_rows adds (rows read by the heads: the first row and the predictions of
// every sequence).
namespace needed_inputs {
constexpr std::string_view rows = "needed_rows";        // i32 [R, 1] ascending rows of the tokens
constexpr std::string_view offsets = "needed_offsets";  // i32 [1, S + 1]
constexpr std::string_view suffix = "_in_needed";       // index inputs, renumbered to needed rows
}  // namespace needed_inputs

}  // namespace cloze
