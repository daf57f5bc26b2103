#include "profiling/bench/gpu/step_workload.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "engine/base/error.h"
#include "engine/data/sequence_packing.h"

namespace cloze::bench {
namespace {

constexpr int64_t tokens_of_a_step = 32768;
constexpr size_t sequences_of_a_mixed_batch = 128;

BertConfig base() {
  return {.vocabulary_size = 30522};
}

BertConfig large() {
  BertConfig config = base();
  config.hidden_size = 1024;
  config.layers = 24;
  config.heads = 16;
  config.intermediate_size = 4096;
  return config;
}

int64_t predictions_of(int64_t length) {
  return std::max<int64_t>(1, length * 15 / 100);
}

Capacity size_of(const std::vector<int64_t>& lengths) {
  Capacity size{.sequences = static_cast<int64_t>(lengths.size())};
  for (const int64_t length : lengths) {
    size.tokens += length;
    size.predictions += predictions_of(length);
    size.longest = std::max(size.longest, length);
  }
  return size;
}

void append(PretrainingBatch& batch, int64_t length, int64_t vocabulary) {
  const int64_t index = batch.sequences.live_sequences, predictions = predictions_of(length);
  std::vector<int32_t> tokens(static_cast<size_t>(length));
  for (int64_t i = 0; i < length; ++i)
    tokens[static_cast<size_t>(i)] = static_cast<int32_t>((index * 7919 + i * 104729) % vocabulary);
  const int64_t first = append_sequence(batch.sequences, tokens, length / 2, index);
  for (int64_t p = 0; p < predictions; ++p) {
    batch.prediction_rows.push_back(static_cast<int32_t>(first + p * length / predictions));
    batch.prediction_labels.push_back(static_cast<int32_t>((index + 31 * p) % vocabulary));
    batch.prediction_kinds.push_back(MaskKind::masked);
  }
  batch.next_sentence_labels.push_back(static_cast<int32_t>(index % 2));
  batch.live_predictions += predictions;
}

PretrainingBatch batch_of(const std::vector<int64_t>& lengths, const Capacity& capacity, int64_t vocabulary) {
  PretrainingBatch batch{.capacity = capacity};
  begin_packing(batch.sequences, capacity);
  for (const int64_t length : lengths) append(batch, length, vocabulary);
  batch.prediction_rows.resize(static_cast<size_t>(capacity.predictions), 0);
  batch.prediction_labels.resize(static_cast<size_t>(capacity.predictions), -1);
  batch.prediction_kinds.resize(static_cast<size_t>(capacity.predictions), MaskKind::masked);
  batch.next_sentence_labels.resize(static_cast<size_t>(capacity.sequences), -1);
  std::vector<int32_t> scratch;
  finish_packing(batch.sequences, scratch);
  return batch;
}

BatchCounts counts_of(const PretrainingBatch& batch) {
  BatchCounts counts;
  counts.add(batch.sequences.sequence_offsets, batch.sequences.live_sequences, batch.live_predictions);
  return counts;
}

// Whole batches of the file's lengths, in its order.
std::vector<std::vector<int64_t>> mixed_lengths(const std::string& file) {
  std::ifstream stream(file);
  const std::vector<int64_t> all{std::istream_iterator<int64_t>(stream), {}};
  std::vector<std::vector<int64_t>> batches;
  for (size_t first = 0; first + sequences_of_a_mixed_batch <= all.size();
       first += sequences_of_a_mixed_batch)
    batches.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(first),
                         all.begin() + static_cast<std::ptrdiff_t>(first + sequences_of_a_mixed_batch));
  if (batches.empty()) throw UsageError({.what = "too few lengths for a batch", .where = file});
  return batches;
}

std::vector<std::vector<int64_t>> lengths_of(const std::string& kind, const std::string& file) {
  if (kind == "mix") return mixed_lengths(file);
  for (const int64_t length : {128, 512})
    if (kind == std::to_string(length))
      return {std::vector<int64_t>(static_cast<size_t>(tokens_of_a_step / length), length)};
  throw UsageError({.what = "sequences are of length 128, 512 or mix, not `" + kind + "`"});
}

}  // namespace

StepWorkload step_workload(const std::string& name, const std::string& lengths_file) {
  const size_t dash = name.find('-');
  const std::string model = name.substr(0, dash);
  if (dash == std::string::npos || (model != "base" && model != "large"))
    throw UsageError(
        {.what = "no workload is called `" + name + "`", .remedy = "base-128, large-512, large-mix"});
  StepWorkload workload{.config = model == "base" ? base() : large()};
  const auto lengths = lengths_of(name.substr(dash + 1), lengths_file);
  Capacity capacity;
  for (const auto& batch : lengths) capacity = larger_of(capacity, size_of(batch));
  for (const auto& batch : lengths) {
    workload.batches.push_back(batch_of(batch, capacity, workload.config.vocabulary_size));
    workload.counts.push_back(counts_of(workload.batches.back()));
  }
  return workload;
}

}  // namespace cloze::bench
