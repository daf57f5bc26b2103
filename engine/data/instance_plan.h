#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "engine/data/corpus.h"
#include "engine/data/instance_options.h"
#include "engine/data/pairing.h"

namespace cloze {

// How much one step takes from the stream of sequences.
struct BatchSize {
  enum class Unit : uint8_t {
    sequences,  // exactly `amount` sequences
    tokens,  // at most `amount` tokens: step n takes the sequences whose first token is one of the stream's
             // tokens [n s, (n + 1) s) with s = amount - max_sequence_length + 1; on average s tokens
  };
  Unit unit = Unit::sequences;
  int64_t amount = 32;
  friend bool operator==(const BatchSize&, const BatchSize&) = default;
};

// Throws UsageError for a batch that could come out empty.
void validate(const BatchSize& size, const InstanceOptions& options);

struct StreamSize {
  uint64_t sequences = 0, tokens = 0;  // tokens with [CLS] and [SEP]

  uint64_t in(BatchSize::Unit unit) const { return unit == BatchSize::Unit::sequences ? sequences : tokens; }
  friend StreamSize operator+(StreamSize a, StreamSize b) {
    return {a.sequences + b.sequences, a.tokens + b.tokens};
  }
  friend bool operator==(const StreamSize&, const StreamSize&) = default;
};

// The endless stream of pretraining sequences: epoch 0, epoch 1, ... It is a pure function of corpus, options
// and seed; any step's batch can be asked for without those before it.
//
// An epoch visits the documents in a pseudo-random order (no table: IndexPermutation), in windows of a fixed
// number of documents, about `window_sequences` sequences each; the sequences of a window are shuffled. Only
// lengths are read. Memory: 48 bytes per sequence of a window, at most three windows at a time: 150 MB
// whatever the corpus, unless one document alone makes more sequences than a window (a document is never
// split). The first use of an epoch counts its sequences and those of every epoch before it, window by window
// in parallel; later uses find it in an index. Thread-safe.
class InstancePlan {
 public:
  static constexpr uint64_t default_window = uint64_t{1} << 20;

  InstancePlan(std::shared_ptr<const Corpus> corpus, const InstanceOptions& options, uint64_t seed,
               int threads = 1, uint64_t window_sequences = default_window);
  ~InstancePlan();
  InstancePlan(const InstancePlan&) = delete;
  InstancePlan& operator=(const InstancePlan&) = delete;

  // The sequences of step `step` (from 0), in order.
  std::vector<InstanceReference> batch(int64_t step, const BatchSize& size) const;
  // All sequences of an epoch.
  StreamSize epoch_size(int64_t epoch) const;
  // How many epochs the stream has gone through when step `step` begins.
  double epochs_before(int64_t step, const BatchSize& size) const;

  const Corpus& corpus() const { return *corpus_; }
  const InstanceOptions& options() const { return options_; }

  // For shutting down: calls in progress, and all later ones, throw Interrupted soon.
  struct Interrupted {};
  void interrupt() { interrupted_ = true; }

 private:
  struct Window;
  using WindowKey = std::pair<int64_t, uint64_t>;  // epoch, window
  using WindowPointer = std::shared_ptr<const Window>;
  // What lies before each window of an epoch, and at the end the whole: [windows + 1].
  using EpochIndex = std::vector<StreamSize>;
  struct Place {
    WindowKey window;
    uint64_t begins = 0;  // where in the stream
  };

  uint32_t variant_of(int64_t epoch) const;
  template <typename Emit>
  void visit(WindowKey key, Emit&& emit) const;
  EpochIndex count_epoch(int64_t epoch) const;
  // These three are called with epochs_mutex_ held.
  std::shared_ptr<const EpochIndex> index_of(int64_t epoch) const;
  StreamSize before_epoch(int64_t epoch) const;
  int64_t epoch_at(uint64_t offset, BatchSize::Unit unit) const;
  Place find(uint64_t offset, BatchSize::Unit unit) const;
  WindowPointer window(WindowKey key) const;
  WindowPointer make_window(WindowKey key) const;

  std::shared_ptr<const Corpus> corpus_;
  InstanceOptions options_;
  uint64_t seed_;
  int threads_;
  uint64_t windows_ = 1, documents_per_window_ = 1;
  std::atomic<bool> interrupted_ = false;

  mutable std::mutex epochs_mutex_;
  mutable std::vector<StreamSize> before_epochs_;  // [epochs known + 1]
  mutable std::vector<std::pair<int64_t, std::shared_ptr<const EpochIndex>>>
      indexes_;  // of the last few epochs used
  mutable std::mutex windows_mutex_;
  mutable std::vector<std::pair<WindowKey, std::shared_future<WindowPointer>>> recent_windows_;
};

}  // namespace cloze
