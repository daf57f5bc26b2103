#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "engine/ops/all.h"
#include "tests/tasks/small_pretraining.h"

// The graph of one of several processes: buckets, their reduction, shards of the update.
namespace cloze::testing {
namespace {

template <class OpType>
bool is(const Node& node) {
  return dynamic_cast<const OpType*>(node.op.get()) != nullptr;
}
template <class OpType>
int64_t count(const Graph& graph) {
  return std::count_if(graph.nodes().begin(), graph.nodes().end(), is<OpType>);
}

// Two processes as far as a graph is concerned: nothing is run.
class TwoProcesses final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 2; }
  std::unique_ptr<Collective> all_reduce(std::span<float>, Wire) override { return nullptr; }
  std::unique_ptr<Collective> reduce_scatter(std::span<float>, Wire) override { return nullptr; }
  std::unique_ptr<Collective> all_gather(std::span<float>) override { return nullptr; }
  std::unique_ptr<Collective> broadcast(std::span<std::byte>, int) override { return nullptr; }
  void wait_for_all() override {}
  void barrier() override {}
  std::vector<std::string> exchange(const std::string& text) override { return {text, text}; }
  void abort(const std::string&) override {}
};

Graph compiled(const PretrainingCompileOptions& options, MicroBatch place = {}) {
  const BertConfig config = small_config(0.1f);
  return compiled_pretraining_graph(config, bert_parameters(config, {}), options,
                                    {.tokens = 64, .sequences = 8, .predictions = 12}, DType::f32, true,
                                    place);
}

PretrainingCompileOptions options_with(const Reduction& reduction, UpdateRule rule = UpdateRule::adamw) {
  PretrainingCompileOptions options;
  options.update = adamw_of(bert_parameters(small_config(), {}));
  options.update.rule = rule;
  options.reduction = reduction;
  return options;
}

Graph reduced_graph(bool overlap, MicroBatch place = {}) {
  return compiled(options_with({.communicator = std::make_shared<TwoProcesses>(),
                                .buckets = cut_into_buckets(bert_parameters(small_config(), {}), 1024, 2),
                                .overlap = overlap}),
                  place);
}

// Buckets are the whole flat buffer, each begins when all of its gradients are there, and the norm reads the
// sums.
TEST(Reduce, BucketsFollowTheirGradientsAndCoverAll) {
  for (const bool overlap : {true, false}) {
    const Graph graph = reduced_graph(overlap);
    std::vector<std::pair<int64_t, int64_t>> ranges;
    std::set<int32_t> written;
    size_t first_bucket = 0, last_bucket = 0, last_gradient = 0, join = 0;
    for (size_t n = 0; n < graph.nodes().size(); ++n) {
      const Node& node = graph.nodes()[n];
      if (const auto* bucket = dynamic_cast<const ReduceBucketOp*>(node.op.get())) {
        ranges.emplace_back(bucket->offset(), bucket->offset() + bucket->count());
        for (const ValueId id : node.inputs)
          EXPECT_TRUE(written.contains(id.index)) << "reduced before it is there";
        for (const ValueId id : node.inputs) {
          EXPECT_GE(graph.value(id).home.offset, ranges.back().first);
          EXPECT_LE(graph.value(id).home.offset + graph.type(id).elements(), ranges.back().second);
        }
        if (ranges.size() == 1) first_bucket = n;
        last_bucket = n;
      } else if (is<JoinCollectivesOp>(node)) {
        join = n;
      } else if (node.phase == Phase::backward) {
        last_gradient = n;
      }
      for (const ValueId id : node.outputs) written.insert(id.index);
    }
    ASSERT_GT(ranges.size(), 2u);
    EXPECT_GT(join, last_bucket);
    EXPECT_EQ(first_bucket < last_gradient, overlap);
    std::sort(ranges.begin(), ranges.end());
    EXPECT_EQ(ranges.front().first, 0);
    for (size_t i = 1; i < ranges.size(); ++i) EXPECT_EQ(ranges[i].first, ranges[i - 1].second);
  }
}

const std::vector<Bucket>& small_buckets(int processes) {
  static std::map<int, std::vector<Bucket>> buckets;
  return buckets
      .try_emplace(processes, cut_into_buckets(bert_parameters(small_config(), {}), 1024, processes))
      .first->second;
}

// Without attention its parameters have no gradients; their buckets are reduced all the same.
TEST(Reduce, BucketsOfUnusedParametersToo) {
  BertConfig config = small_config();
  config.attention = false;
  const ParameterLayout layout = bert_parameters(config, {});
  for (const bool shard : {false, true}) {
    PretrainingCompileOptions options = options_with({.communicator = std::make_shared<TwoProcesses>(),
                                                      .buckets = cut_into_buckets(layout, 1, 2),
                                                      .shard_update = shard});
    const Graph graph =
        compiled_pretraining_graph(config, layout, options, {.tokens = 64, .sequences = 8, .predictions = 12},
                                   DType::f32, true, MicroBatch{});
    EXPECT_EQ(count<ReduceBucketOp>(graph), static_cast<int64_t>(options.reduction.buckets.size()));
  }
}

TEST(Buckets, CoverTheBufferFromItsEndAndKeepStacksTogether) {
  const ParameterLayout layout = bert_parameters(small_config(), {});
  for (const int64_t least : {1, 1024, 5000, 1 << 30}) {
    for (const int processes : {1, 2, 5}) {
      const std::vector<Bucket> buckets = cut_into_buckets(layout, least, processes);
      EXPECT_EQ(buckets.back().begin, 0);
      for (size_t i = 0; i < buckets.size(); ++i) {
        EXPECT_EQ(buckets[i].end, i > 0 ? buckets[i - 1].begin : layout.elements());
        EXPECT_GE(buckets[i].count(), share_alignment * processes);
        EXPECT_TRUE(buckets[i].count() >= least || i + 1 == buckets.size()) << buckets[i].count();
        const auto begins = [&](const Parameter& p) { return p.offset == buckets[i].begin && !p.stacked; };
        EXPECT_TRUE(std::any_of(layout.parameters().begin(), layout.parameters().end(), begins));
      }
    }
  }
}

TEST(Buckets, ShardsOfAllProcessesAreTheBucketsAndTheirMomentsDoNotOverlap) {
  for (const int processes : {1, 2, 3, 4}) {
    const std::vector<Bucket>& buckets = small_buckets(processes);
    std::vector<int64_t> ends;
    for (const Bucket& bucket : buckets) ends.push_back(bucket.begin);
    for (int rank = 0; rank < processes; ++rank) {
      const std::vector<Shard> shards = shards_of(buckets, rank, processes);
      ASSERT_EQ(shards.size(), buckets.size());
      int64_t moments = 0;
      for (size_t i = 0; i < shards.size(); ++i) {
        EXPECT_EQ(shards[i].begin, ends[i]);
        EXPECT_GT(shards[i].count(), 0);
        EXPECT_GE(shards[i].moments, moments);
        EXPECT_EQ(shards[i].moments % 64, 0);
        ends[i] = shards[i].end;
        moments = shards[i].moments + shards[i].count();
      }
      EXPECT_EQ(moment_elements(shards), moments);
    }
    for (size_t i = 0; i < buckets.size(); ++i) EXPECT_EQ(ends[i], buckets[i].end);
  }
}

Graph sharded_graph(UpdateRule rule) {
  return compiled(options_with(
      {.communicator = std::make_shared<TwoProcesses>(), .buckets = small_buckets(2), .shard_update = true},
      rule));
}

// Every bucket is updated by its shard and gathered at once, before the next is updated.
TEST(ShardedUpdate, BucketAfterBucketIsUpdatedAndGathered) {
  for (const UpdateRule rule : {UpdateRule::adamw, UpdateRule::lamb}) {
    const Graph graph = sharded_graph(rule);
    const std::vector<Shard> shards = shards_of(small_buckets(2), 0, 2);
    std::vector<std::string> order;
    size_t bucket = 0;
    for (const Node& node : graph.nodes()) {
      if (node.phase != Phase::update) continue;
      order.emplace_back(node.op->name());
      if (!is<GatherBucketOp>(node)) continue;
      const Home updated = graph.value(node.inputs[0]).home, whole = graph.value(node.outputs[0]).home;
      EXPECT_EQ(updated, (Home{Memory::parameters, shards[bucket].begin}));
      EXPECT_EQ(whole, (Home{Memory::parameters, small_buckets(2)[bucket].begin}));
      EXPECT_EQ(order[order.size() - 2], rule == UpdateRule::adamw ? "adamw" : "lamb_parameters");
      ++bucket;
    }
    EXPECT_EQ(bucket, shards.size());
    EXPECT_EQ(order.back(), "join_collectives");
  }
}

TEST(ShardedUpdate, MomentsOfTheShardsAreAllThereIs) {
  const Graph graph = sharded_graph(UpdateRule::adamw);
  const int64_t most = moment_elements(shards_of(small_buckets(2), 0, 2));
  int64_t end = 0;
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const Value& value = graph.value({static_cast<int32_t>(i)});
    if (value.home.memory == Memory::first_moment || value.home.memory == Memory::second_moment)
      end = std::max(end, value.home.offset + value.type.elements());
  }
  EXPECT_EQ(end, most);
  EXPECT_LT(most, bert_parameters(small_config(), {}).elements() * 6 / 10);
}

TEST(Reduce, OnlyTheLastMicroBatchReduces) {
  EXPECT_EQ(count<ReduceBucketOp>(reduced_graph(true, {.first = true, .last = false})), 0);
  EXPECT_GT(count<ReduceBucketOp>(reduced_graph(true, {.first = false, .last = true})), 2);
}

}  // namespace
}  // namespace cloze::testing
