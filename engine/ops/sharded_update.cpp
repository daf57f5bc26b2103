#include "engine/ops/sharded_update.h"

#include <algorithm>
#include <numeric>

#include "engine/ops/collective.h"
#include "engine/ops/elementwise.h"

namespace cloze {
namespace {

// What a shard has of the segments of its bucket, in elements from its begin; empty where it has nothing. All
// segments of the bucket, so that their number is the same on all processes.
UpdateAttributes attributes_of(const Shard& shard, const Bucket& bucket, const UpdateAttributes& all) {
  std::vector<ParameterSegment> segments;
  for (const ParameterSegment& segment : *all.segments) {
    if (segment.begin < bucket.begin || segment.begin >= bucket.end) continue;
    ParameterSegment part = segment;
    part.begin = std::clamp(segment.begin, shard.begin, shard.end) - shard.begin;
    part.end = std::clamp(segment.end, shard.begin, shard.end) - shard.begin;
    segments.push_back(part);
  }
  UpdateAttributes attributes = all;
  attributes.compute_copy = false;  // made of the whole parameters at the end
  attributes.segments = std::make_shared<const std::vector<ParameterSegment>>(std::move(segments));
  return attributes;
}

class UpdateBuilder {
 public:
  UpdateBuilder(Graph& graph, const std::vector<ValueId>& gradients, const ShardedUpdate& update)
      : graph_(graph),
        update_(update),
        communicator_(update.communicator),
        real_(graph.type(gradients.at(0)).dtype) {
    const std::vector<Bucket>& buckets = update.buckets;
    const std::vector<Shard> shards = shards_of(buckets, communicator_->rank(), communicator_->size());
    for (size_t i = 0; i < shards.size(); ++i) {
      const ValueType type{real_, 1, shards[i].count()};
      const auto resident = [&](const char* name, Memory memory, int64_t offset) {
        return graph_.add_resident(name, type, {memory, offset});
      };
      parts_.push_back({.bucket = buckets[i],
                        .shard = shards[i],
                        .attributes = attributes_of(shards[i], buckets[i], update.attributes),
                        .gradients = gradients[i],
                        .parameters = resident("parameters", Memory::parameters, shards[i].begin),
                        .first = resident("first_moment", Memory::first_moment, shards[i].moments),
                        .second = resident("second_moment", Memory::second_moment, shards[i].moments)});
    }
  }

  UpdateResults run() {
    const ValueId norm = gradient_norm();
    if (update_.attributes.rule == UpdateRule::lamb) {
      lamb(norm);
    } else {
      adamw(norm);
    }
    join(gathered_);
    return {norm, skipped_};
  }

 private:
  struct Part {
    Bucket bucket;
    Shard shard;
    UpdateAttributes attributes;
    ValueId gradients, parameters, first, second;
  };

  // The norm of the norms of all shards of all processes.
  ValueId gradient_norm() {
    std::vector<ValueId> norms;
    for (const Part& part : parts_)
      norms.push_back(graph_.add(std::make_shared<GradientNormOp>(), {part.gradients})[0]);
    const ValueId of_all = graph_.add(std::make_shared<GatherSumsOp>(communicator_), norms)[0];
    return graph_.add(std::make_shared<GradientNormOp>(), {of_all})[0];
  }

  void adamw(ValueId norm) {
    for (const Part& part : parts_) {
      const auto outputs =
          graph_.add(std::make_shared<UpdateOp>(part.attributes),
                     {part.parameters, part.gradients, part.first, part.second, update_.scalars, norm});
      set_moments(part, outputs[UpdateOp::new_first_moment], outputs[UpdateOp::new_second_moment]);
      skipped_ = outputs[UpdateOp::skipped];
      gather(part, outputs[UpdateOp::new_parameters]);
    }
  }

  void lamb(ValueId norm) {
    std::vector<ValueId> sums;
    for (Part& part : parts_) {
      const auto outputs =
          graph_.add(std::make_shared<LambMomentsOp>(part.attributes),
                     {part.parameters, part.gradients, part.first, part.second, update_.scalars, norm});
      part.first = outputs[LambMomentsOp::new_first_moment];
      part.second = outputs[LambMomentsOp::new_second_moment];
      set_moments(part, part.first, part.second);
      skipped_ = outputs[LambMomentsOp::skipped];
      sums.push_back(outputs[LambMomentsOp::square_sums]);
    }
    const ValueId of_all = graph_.add(std::make_shared<GatherSumsOp>(communicator_), sums)[0];
    int64_t first_sum = 0;
    for (const Part& part : parts_) {
      const auto op = std::make_shared<LambParametersOp>(part.attributes, communicator_->size(), first_sum);
      gather(part,
             graph_.add(op, {part.parameters, part.first, part.second, update_.scalars, norm, of_all})[0]);
      first_sum += 2 * static_cast<int64_t>(part.attributes.segments->size());
    }
  }

  void set_moments(const Part& part, ValueId first, ValueId second) {
    graph_.set_home(first, {Memory::first_moment, part.shard.moments});
    graph_.set_home(second, {Memory::second_moment, part.shard.moments});
  }

  // Begins to make the bucket's parameters whole; goes on while the next shard is updated.
  void gather(const Part& part, ValueId updated) {
    graph_.set_home(updated, {Memory::parameters, part.shard.begin});
    const auto op = std::make_shared<GatherBucketOp>(communicator_, part.bucket.begin, part.bucket.count());
    const ValueId whole = graph_.add(op, {updated})[0];
    graph_.set_home(whole, {Memory::parameters, part.bucket.begin});
    gathered_.push_back(whole);
  }

  void join(const std::vector<ValueId>& buckets) {
    const std::vector<int64_t> all{update_.elements};
    const ValueId flat = graph_.add(std::make_shared<JoinCollectivesOp>(communicator_, all), buckets)[0];
    graph_.set_home(flat, {Memory::parameters, 0});
    if (!update_.attributes.compute_copy) return;
    const ValueId copy = graph_.add(std::make_shared<CastOp>(DType::bf16), {flat})[0];
    graph_.set_home(copy, {Memory::compute_copy, 0});
  }

  Graph& graph_;
  const ShardedUpdate& update_;
  const std::shared_ptr<Communicator> communicator_;
  const DType real_;
  std::vector<Part> parts_;  // by bucket
  std::vector<ValueId> gathered_;
  ValueId skipped_ = no_value;
};

}  // namespace

UpdateResults update_shards(Graph& graph, const std::vector<ValueId>& gradients,
                            const ShardedUpdate& update) {
  const std::string outer_scope = graph.scope();
  graph.set_scope("optimizer");
  graph.set_phase(Phase::update);
  const UpdateResults results = UpdateBuilder(graph, gradients, update).run();
  graph.set_scope(outer_scope);
  graph.set_phase(Phase::forward);
  return results;
}

}  // namespace cloze
