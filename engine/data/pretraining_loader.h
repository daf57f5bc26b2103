#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/data/batch_split.h"
#include "engine/data/instance.h"
#include "engine/data/instance_plan.h"
#include "engine/data/ordered_pipeline.h"
#include "engine/data/packed_batch.h"
#include "engine/data/packer.h"

namespace cloze {

struct LoaderOptions {
  BatchSize batch;
  std::vector<Capacity> ladder;  // capacities of a micro-batch, ascending (capacity_ladder)
  int rank = 0, world = 1;
  int threads = 1;  // that make steps in the background
  int steps_ahead = 4;
};

// Throws UsageError where a batch has fewer sequences than there are processes.
void require_share_for_each(const BatchSize& batch, int processes);

// What one process computes of one step, and the counts of the whole step that losses are divided by. A
// micro-batch has the same capacity on every rank.
struct PretrainingStep {
  int64_t step = 0;
  std::vector<PretrainingBatch> micro_batches;  // of this rank, in order; every rank has as many
  int64_t global_tokens = 0, global_sequences = 0, global_predictions = 0;
};

// The steps of a pretraining run for one rank. The global batch, its cut into micro-batches and its counts
// are the same on every rank and for every world size that gives as many micro-batches; each rank makes its
// share only (with whole-word masking it also masks the others' sequences, to count the predictions).
class PretrainingLoader {
 public:
  PretrainingLoader(std::shared_ptr<const Corpus> corpus, const InstanceOptions& instances, uint64_t seed,
                    LoaderOptions options);
  ~PretrainingLoader();

  // Any step; consecutive ones are made ahead in the background. Valid until the next call.
  const PretrainingStep& next(int64_t step);

  const InstancePlan& plan() const { return plan_; }
  const InstanceMaker& maker() const { return maker_; }

 private:
  // A step and the working memory to make it with.
  struct Item {
    PretrainingStep made;
    std::unique_ptr<Packer> packer;
    std::vector<SequenceSize> sizes;
    Instance working_memory;
  };
  void make(Item& item) const;
  Capacity most_of_all_ranks(std::span<const BatchPart> parts, size_t micro_batch,
                             std::span<const SequenceSize> sizes) const;

  InstancePlan plan_;
  InstanceMaker maker_;
  LoaderOptions options_;
  int64_t expected_ = -1;
  Item current_;
  std::unique_ptr<OrderedPipeline<Item>> pipeline_;
};

}  // namespace cloze
