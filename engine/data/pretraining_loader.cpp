#include "engine/data/pretraining_loader.h"

#include <fmt/core.h>

#include <utility>

#include "engine/base/error.h"

namespace cloze {

void require_share_for_each(const BatchSize& batch, int processes) {
  if (batch.unit != BatchSize::Unit::sequences || batch.amount >= processes) return;
  throw UsageError({.what = fmt::format("a batch of {} sequences is too small", batch.amount),
                    .why = fmt::format("each of {} processes needs at least one", processes),
                    .remedy = "make the batch larger or use fewer processes"});
}

PretrainingLoader::PretrainingLoader(std::shared_ptr<const Corpus> corpus, const InstanceOptions& instances,
                                     uint64_t seed, LoaderOptions options)
    : plan_(corpus, instances, seed, options.threads),
      maker_(corpus, instances, seed),
      options_(std::move(options)) {
  validate(options_.batch, instances);
  require_share_for_each(options_.batch, options_.world);
}

PretrainingLoader::~PretrainingLoader() {
  plan_.interrupt();
}

// What the micro-batches of all ranks hold at most, one of each. On a GPU a program's capacity decides which
// recorded step runs, and NCCL needs ranks to replay what they recorded together.
Capacity PretrainingLoader::most_of_all_ranks(std::span<const BatchPart> parts, size_t micro_batch,
                                              std::span<const SequenceSize> sizes) const {
  Capacity most;
  const size_t share = parts.size() / static_cast<size_t>(options_.world);
  for (size_t i = micro_batch; i < parts.size(); i += share) {
    Capacity counts{.sequences = static_cast<int64_t>(parts[i].end - parts[i].begin)};
    for (size_t s = parts[i].begin; s < parts[i].end; ++s) {
      counts.tokens += sizes[s].tokens;
      counts.predictions += sizes[s].predictions;
    }
    most = larger_of(most, counts);
  }
  return most;
}

void PretrainingLoader::make(Item& item) const {
  if (!item.packer) item.packer = std::make_unique<Packer>(maker_);
  PretrainingStep& made = item.made;
  const auto batch = plan_.batch(made.step, options_.batch);
  made.global_tokens = made.global_predictions = 0;
  made.global_sequences = static_cast<int64_t>(batch.size());
  item.sizes.clear();
  for (const InstanceReference& sequence : batch) {
    const int64_t predictions = maker_.count_predictions(sequence, item.working_memory);
    item.sizes.push_back({sequence.tokens(), predictions});
    made.global_tokens += sequence.tokens();
    made.global_predictions += predictions;
  }
  const auto parts = split_batch(item.sizes, options_.ladder.back(), options_.world);
  const size_t share = parts.size() / static_cast<size_t>(options_.world);
  made.micro_batches.resize(share);
  for (size_t i = 0; i < share; ++i) {
    const BatchPart part = parts[static_cast<size_t>(options_.rank) * share + i];
    item.packer->pack(std::span(batch).subspan(part.begin, part.end - part.begin),
                      static_cast<int64_t>(part.begin), options_.ladder, made.micro_batches[i],
                      most_of_all_ranks(parts, i, item.sizes));
  }
}

const PretrainingStep& PretrainingLoader::next(int64_t step) {
  if (!pipeline_ || step != expected_) {
    pipeline_.reset();
    const auto claim = [following = step](Item& item) mutable {
      item.made.step = following++;
      return true;
    };
    pipeline_ =
        std::make_unique<OrderedPipeline<Item>>(options_.threads, static_cast<size_t>(options_.steps_ahead),
                                                claim, [this](Item& item) { make(item); });
  }
  expected_ = step + 1;
  pipeline_->next(current_);
  return current_.made;
}

}  // namespace cloze
