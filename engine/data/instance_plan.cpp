#include "engine/data/instance_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "engine/base/error.h"
#include "engine/data/draw_sequence.h"
#include "engine/data/index_permutation.h"

namespace cloze {
namespace {

constexpr size_t windows_kept = 3;
constexpr size_t indexes_kept = 4;

// Sequences an epoch will roughly have: half of the time only A is used up, and a document's last one is
// short.
double estimated_sequences(const Corpus& corpus, const InstanceOptions& options) {
  return static_cast<double>(corpus.tokens()) / (0.7 * options.max_sequence_length) + corpus.documents();
}

// How far the stream moves on per step, in the batch's unit.
uint64_t stride_of(const BatchSize& size, const InstanceOptions& options) {
  validate(size, options);
  const bool tokens = size.unit == BatchSize::Unit::tokens;
  return static_cast<uint64_t>(tokens ? size.amount - options.max_sequence_length + 1 : size.amount);
}

}  // namespace

struct InstancePlan::Window {
  std::vector<InstanceReference> sequences;  // in the order of the stream
  std::vector<uint64_t> token_starts;        // of each, counted from the window's first token

  size_t first_from(uint64_t offset, BatchSize::Unit unit) const {
    if (unit == BatchSize::Unit::sequences)
      return static_cast<size_t>(std::min<uint64_t>(offset, sequences.size()));
    return static_cast<size_t>(std::lower_bound(token_starts.begin(), token_starts.end(), offset) -
                               token_starts.begin());
  }
  uint64_t size(BatchSize::Unit unit) const {
    if (unit == BatchSize::Unit::sequences) return sequences.size();
    return token_starts.back() + static_cast<uint64_t>(sequences.back().tokens());
  }
};

void validate(const BatchSize& size, const InstanceOptions& options) {
  const bool tokens = size.unit == BatchSize::Unit::tokens;
  const int64_t least = tokens ? 2 * int64_t{options.max_sequence_length} - 1 : 1;
  if (size.amount >= least) return;
  throw UsageError(
      {.what = fmt::format("a batch of {} {} is too small", size.amount, tokens ? "tokens" : "sequences"),
       .why = fmt::format("sequences have up to {} tokens", options.max_sequence_length),
       .remedy = fmt::format("use at least {}", least)});
}

InstancePlan::InstancePlan(std::shared_ptr<const Corpus> corpus, const InstanceOptions& options,
                           uint64_t seed, int threads, uint64_t window_sequences)
    : corpus_(std::move(corpus)),
      options_(options),
      seed_(seed),
      threads_(std::max(1, threads)),
      before_epochs_(1) {
  validate(options_, "pretraining sequences");
  const uint64_t documents = corpus_->documents();
  const auto wanted =
      static_cast<uint64_t>(estimated_sequences(*corpus_, options_) / static_cast<double>(window_sequences)) +
      1;
  documents_per_window_ = (documents + wanted - 1) / wanted;
  windows_ = (documents + documents_per_window_ - 1) / documents_per_window_;
}

InstancePlan::~InstancePlan() = default;

uint32_t InstancePlan::variant_of(int64_t epoch) const {
  return static_cast<uint32_t>(options_.masks == MaskPolicy::fixed ? epoch % options_.mask_variants : epoch);
}

template <typename Emit>
void InstancePlan::visit(WindowKey key, Emit&& emit) const {
  const auto [epoch, window] = key;
  const uint32_t variant = variant_of(epoch);
  const IndexPermutation order(corpus_->documents(),
                               data_key(seed_, DataPurpose::document_order, static_cast<uint64_t>(epoch)));
  const PhiloxKey pairing = data_key(seed_, DataPurpose::pairing, variant);
  const uint64_t first = window * documents_per_window_;
  const uint64_t last = std::min<uint64_t>(first + documents_per_window_, corpus_->documents());
  for (uint64_t position = first; position < last; ++position) {
    if (interrupted_) throw Interrupted{};
    const auto document = static_cast<uint32_t>(order(position));
    DrawSequence draws(pairing, document, 0);
    plan_document(*corpus_, document, variant, options_, draws, emit);
  }
}

InstancePlan::EpochIndex InstancePlan::count_epoch(int64_t epoch) const {
  EpochIndex sizes(windows_ + 1);
  std::atomic<uint64_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (uint64_t w = next++; w < windows_; w = next++) {
        StreamSize size;
        visit({epoch, w}, [&](const InstanceReference& sequence) {
          ++size.sequences;
          size.tokens += static_cast<uint64_t>(sequence.tokens());
        });
        sizes[w + 1] = size;
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (uint64_t i = 1; i < std::min<uint64_t>(static_cast<uint64_t>(threads_), windows_); ++i) {
      helpers.emplace_back(work);
    }
    work();
  }
  if (failure) std::rethrow_exception(failure);
  for (uint64_t w = 0; w < windows_; ++w) sizes[w + 1] = sizes[w] + sizes[w + 1];
  return sizes;
}

std::shared_ptr<const InstancePlan::EpochIndex> InstancePlan::index_of(int64_t epoch) const {
  const auto known =
      std::find_if(indexes_.begin(), indexes_.end(), [&](const auto& entry) { return entry.first == epoch; });
  if (known != indexes_.end()) return known->second;
  auto index = std::make_shared<const EpochIndex>(count_epoch(epoch));
  if (indexes_.size() >= indexes_kept) indexes_.erase(indexes_.begin());
  indexes_.emplace_back(epoch, index);
  return index;
}

// What the stream holds before `epoch` begins. Epochs of one variant differ in order only: they have one
// size.
StreamSize InstancePlan::before_epoch(int64_t epoch) const {
  const auto variants = static_cast<size_t>(options_.mask_variants);
  while (before_epochs_.size() <= static_cast<size_t>(epoch)) {
    const size_t known = before_epochs_.size() - 1;
    StreamSize size;
    if (options_.masks == MaskPolicy::fixed && known >= variants) {
      const StreamSize end = before_epochs_[known - variants + 1], begin = before_epochs_[known - variants];
      size = {end.sequences - begin.sequences, end.tokens - begin.tokens};
    } else {
      size = index_of(static_cast<int64_t>(known))->back();
    }
    before_epochs_.push_back(before_epochs_.back() + size);
  }
  return before_epochs_[static_cast<size_t>(epoch)];
}

int64_t InstancePlan::epoch_at(uint64_t offset, BatchSize::Unit unit) const {
  while (before_epochs_.back().in(unit) <= offset) before_epoch(static_cast<int64_t>(before_epochs_.size()));
  const auto after =
      std::upper_bound(before_epochs_.begin(), before_epochs_.end(), offset,
                       [&](uint64_t value, const StreamSize& before) { return value < before.in(unit); });
  return after - before_epochs_.begin() - 1;
}

InstancePlan::Place InstancePlan::find(uint64_t offset, BatchSize::Unit unit) const {
  const std::lock_guard lock(epochs_mutex_);
  const int64_t epoch = epoch_at(offset, unit);
  const uint64_t epoch_begins = before_epoch(epoch).in(unit);
  const auto index = index_of(epoch);
  const auto after =
      std::upper_bound(index->begin(), index->end(), offset - epoch_begins,
                       [&](uint64_t value, const StreamSize& before) { return value < before.in(unit); });
  const auto window = static_cast<uint64_t>(after - index->begin() - 1);
  return {{epoch, window}, epoch_begins + (*index)[window].in(unit)};
}

StreamSize InstancePlan::epoch_size(int64_t epoch) const {
  const std::lock_guard lock(epochs_mutex_);
  const StreamSize end = before_epoch(epoch + 1), begin = before_epoch(epoch);
  return {end.sequences - begin.sequences, end.tokens - begin.tokens};
}

InstancePlan::WindowPointer InstancePlan::make_window(WindowKey key) const {
  auto made = std::make_shared<Window>();
  {
    const std::lock_guard lock(epochs_mutex_);
    const auto index = index_of(key.first);
    made->sequences.reserve((*index)[key.second + 1].sequences - (*index)[key.second].sequences);
  }
  visit(key, [&](const InstanceReference& sequence) { made->sequences.push_back(sequence); });

  DrawSequence draws(data_key(seed_, DataPurpose::window_order, static_cast<uint64_t>(key.first)),
                     static_cast<uint32_t>(key.second), 0);
  draws.shuffle(std::span(made->sequences), made->sequences.size());
  made->token_starts.reserve(made->sequences.size());
  uint64_t tokens = 0;
  for (const InstanceReference& sequence : made->sequences) {
    made->token_starts.push_back(tokens);
    tokens += static_cast<uint64_t>(sequence.tokens());
  }
  return made;
}

// One thread makes a window while others that need it wait for its future.
InstancePlan::WindowPointer InstancePlan::window(WindowKey key) const {
  std::promise<WindowPointer> promise;
  {
    std::unique_lock lock(windows_mutex_);
    for (auto& [kept, future] : recent_windows_) {
      if (kept != key) continue;
      const auto found = future;
      lock.unlock();
      return found.get();
    }
    if (recent_windows_.size() >= windows_kept) recent_windows_.erase(recent_windows_.begin());
    recent_windows_.emplace_back(key, promise.get_future().share());
  }
  try {
    auto made = make_window(key);
    promise.set_value(made);
    return made;
  } catch (...) {
    promise.set_exception(std::current_exception());
    const std::lock_guard lock(windows_mutex_);
    std::erase_if(recent_windows_, [&](const auto& entry) { return entry.first == key; });
    throw;
  }
}

std::vector<InstanceReference> InstancePlan::batch(int64_t step, const BatchSize& size) const {
  const BatchSize::Unit unit = size.unit;
  const uint64_t stride = stride_of(size, options_);
  const uint64_t begin = static_cast<uint64_t>(step) * stride, end = begin + stride;
  std::vector<InstanceReference> batch;
  for (uint64_t offset = begin; offset < end;) {
    const Place place = find(offset, unit);
    const WindowPointer from = window(place.window);
    const size_t first = from->first_from(offset - place.begins, unit);
    const size_t last = from->first_from(end - place.begins, unit);
    batch.insert(batch.end(), from->sequences.begin() + static_cast<std::ptrdiff_t>(first),
                 from->sequences.begin() + static_cast<std::ptrdiff_t>(last));
    offset = place.begins + from->size(unit);
  }
  return batch;
}

double InstancePlan::epochs_before(int64_t step, const BatchSize& size) const {
  const uint64_t offset = static_cast<uint64_t>(step) * stride_of(size, options_);
  const std::lock_guard lock(epochs_mutex_);
  const int64_t epoch = epoch_at(offset, size.unit);
  const uint64_t begin = before_epoch(epoch).in(size.unit), end = before_epoch(epoch + 1).in(size.unit);
  return static_cast<double>(epoch) + static_cast<double>(offset - begin) / static_cast<double>(end - begin);
}

}  // namespace cloze
