#include "engine/tasks/task_loader.h"

#include <algorithm>

#include "engine/data/index_permutation.h"

namespace cloze {
namespace {

constexpr uint32_t order_purpose = 11;

}  // namespace

std::vector<Capacity> task_ladder(const TaskItems& items, TaskForm form, const TaskLoaderOptions& options) {
  Capacity longest;
  for (size_t i = 0; i < items.size(); ++i) {
    const Capacity size = item_size(items.item(i), form);
    longest.tokens = std::max(longest.tokens, size.tokens);
    longest.sequences = std::max(longest.sequences, size.sequences);
    longest.predictions = std::max(longest.predictions, size.predictions);
  }
  const int64_t examples = std::min<int64_t>(options.batch, static_cast<int64_t>(items.size()));
  const int64_t tokens =
      std::max(longest.tokens, std::min(options.micro_batch_tokens, examples * longest.tokens));
  const int64_t predictions = form == TaskForm::tokens ? std::min(tokens, examples * longest.predictions)
                                                       : examples * longest.predictions;
  return capacity_ladder(
      {tokens, std::max<int64_t>(1, examples * longest.sequences), predictions, longest.tokens});
}

TaskLoader::TaskLoader(const TaskItems& items, TaskForm form, TaskLoaderOptions options)
    : items_(items), form_(form), options_(options), ladder_(task_ladder(items, form, options)) {}

int64_t TaskLoader::steps_of_a_pass() const {
  return (static_cast<int64_t>(items_.size()) + options_.batch - 1) / options_.batch;
}

size_t TaskLoader::index_at(uint64_t position) const {
  if (!options_.shuffle) return static_cast<size_t>(position % items_.size());
  const uint64_t epoch = position / items_.size();
  const IndexPermutation order(items_.size(), derive_key(options_.seed, order_purpose, epoch));
  return static_cast<size_t>(order(position % items_.size()));
}

void TaskLoader::make(Work& work) const {
  if (!work.packer) work.packer = std::make_unique<TaskPacker>(form_);
  TaskStep& made = work.made;
  const auto batch = static_cast<uint64_t>(options_.batch);
  const uint64_t first = static_cast<uint64_t>(made.step) * batch;
  const uint64_t end = options_.endless ? first + batch : std::min<uint64_t>(first + batch, items_.size());
  made.first_item = static_cast<size_t>(first);
  made.items = static_cast<int64_t>(end - first);
  work.items.clear();
  work.sizes.clear();
  work.first_sequence.assign(1, 0);
  for (uint64_t position = first; position < end; ++position) {
    work.items.push_back(items_.item(index_at(position)));
    const Capacity size = item_size(work.items.back(), form_);
    work.sizes.push_back({size.tokens, size.predictions});
    work.first_sequence.push_back(work.first_sequence.back() + size.sequences);
  }
  const std::vector<BatchPart> parts = split_batch(work.sizes, ladder_.back(), 1);
  made.micro_batches.resize(parts.size());
  made.label_weight = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    work.packer->pack(std::span(work.items).subspan(parts[i].begin, parts[i].end - parts[i].begin),
                      work.first_sequence[parts[i].begin], ladder_, made.micro_batches[i]);
    made.label_weight += made.micro_batches[i].label_weight;
  }
}

const TaskStep& TaskLoader::next(int64_t step) {
  if (!pipeline_ || step != expected_) {
    pipeline_.reset();
    const auto claim = [this, following = step](Work& work) mutable {
      if (!options_.endless && following >= steps_of_a_pass()) return false;
      work.made.step = following++;
      return true;
    };
    pipeline_ = std::make_unique<OrderedPipeline<Work>>(1, static_cast<size_t>(options_.steps_ahead), claim,
                                                        [this](Work& work) { make(work); });
  }
  expected_ = step + 1;
  pipeline_->next(current_);
  return current_.made;
}

}  // namespace cloze
