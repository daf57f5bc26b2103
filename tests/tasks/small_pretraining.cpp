#include "tests/tasks/small_pretraining.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/model/encoder_scaling.h"
#include "kernels/common/philox.h"

namespace cloze::testing {
namespace {

// What follows from tokens and offsets, and what lies beyond the live counts.
void complete(PretrainingBatch& batch) {
  PackedSequences& s = batch.sequences;
  const auto tokens = static_cast<size_t>(batch.capacity.tokens);
  const auto sequences = static_cast<size_t>(batch.capacity.sequences);
  const auto predictions = static_cast<size_t>(batch.capacity.predictions);
  s.token_order.resize(s.tokens.size());
  std::iota(s.token_order.begin(), s.token_order.end(), 0);
  std::stable_sort(s.token_order.begin(), s.token_order.end(), [&](int32_t a, int32_t b) {
    return s.tokens[static_cast<size_t>(a)] < s.tokens[static_cast<size_t>(b)];
  });
  while (s.token_order.size() < tokens) s.token_order.push_back(static_cast<int32_t>(s.token_order.size()));
  s.sequence_offsets.resize(sequences + 1, static_cast<int32_t>(s.live_tokens));
  for (auto* rows : {&s.tokens, &s.token_types, &s.positions}) rows->resize(tokens);
  s.row_ids.resize(2 * tokens);
  s.first_rows.resize(sequences);
  batch.prediction_rows.resize(predictions);
  batch.prediction_labels.resize(predictions, -1);
  batch.prediction_kinds.resize(predictions, MaskKind::masked);
  batch.next_sentence_labels.resize(sequences, -1);
}

}  // namespace

BertConfig small_config(float dropout) {
  return {.vocabulary_size = 70,
          .hidden_size = 24,
          .layers = 2,
          .heads = 3,
          .intermediate_size = 40,
          .hidden_dropout = dropout,
          .attention_dropout = dropout,
          .max_positions = 16,
          .initializer_range = 0.2f};  // large enough that every gradient is
}

BertConfig config_of_64(float dropout) {
  BertConfig config = small_config(dropout);
  config.hidden_size = 64;
  config.heads = 4;
  config.intermediate_size = 128;
  return config;
}

std::vector<Sequence> made_up_sequences(const BertConfig& config, int64_t count, uint32_t seed) {
  std::vector<Sequence> sequences(static_cast<size_t>(count));
  for (uint32_t s = 0; s < sequences.size(); ++s) {
    const auto draw = [&](uint32_t what, uint32_t index, int64_t bound) {
      return static_cast<int32_t>(
          scale_to(philox({what, index, s, 0}, {seed, 9}).word0, static_cast<uint32_t>(bound)));
    };
    Sequence& sequence = sequences[s];
    const int32_t length = 3 + draw(0, 0, 7), first_part = 1 + draw(1, 0, length);
    for (int32_t i = 0; i < length; ++i) {
      sequence.tokens.push_back(draw(2, static_cast<uint32_t>(i), config.vocabulary_size));
      sequence.token_types.push_back(i < first_part ? 0 : 1);
    }
    const int32_t predictions = s % 3 == 1 ? 0 : 1 + draw(3, 0, 3);
    for (int32_t p = 0; p < predictions && p < length; ++p) {
      sequence.prediction_positions.push_back(p * length / predictions);  // the [CLS] row is one of them
      sequence.prediction_labels.push_back(draw(4, static_cast<uint32_t>(p), config.vocabulary_size));
    }
    sequence.next_label = draw(5, 0, 2);
  }
  return sequences;
}

std::vector<Sequence> with_a_prediction_each(std::vector<Sequence> sequences) {
  for (Sequence& sequence : sequences) {
    if (!sequence.prediction_positions.empty()) continue;
    sequence.prediction_positions = {1};
    sequence.prediction_labels = {5};
  }
  return sequences;
}

Capacity counts_of(std::span<const Sequence> sequences) {
  Capacity counts{.tokens = 0, .sequences = static_cast<int64_t>(sequences.size()), .predictions = 0};
  for (const Sequence& sequence : sequences) {
    counts.tokens += static_cast<int64_t>(sequence.tokens.size());
    counts.predictions += static_cast<int64_t>(sequence.prediction_positions.size());
  }
  return counts;
}

PretrainingBatch pack(std::span<const Sequence> sequences, int64_t first_index, const Capacity& capacity) {
  PretrainingBatch batch;
  batch.capacity = capacity;
  const Capacity counts = counts_of(sequences);
  batch.live_predictions = counts.predictions;
  PackedSequences& packed = batch.sequences;
  packed.live_tokens = counts.tokens;
  packed.live_sequences = counts.sequences;
  for (size_t s = 0; s < sequences.size(); ++s) {
    const Sequence& sequence = sequences[s];
    const auto first = static_cast<int32_t>(packed.tokens.size());
    packed.sequence_offsets.push_back(first);
    packed.first_rows.push_back(first);
    for (size_t i = 0; i < sequence.tokens.size(); ++i) {
      packed.tokens.push_back(sequence.tokens[i]);
      packed.token_types.push_back(sequence.token_types[i]);
      packed.positions.push_back(static_cast<int32_t>(i));
      packed.row_ids.push_back(static_cast<int32_t>(first_index + static_cast<int64_t>(s)));
      packed.row_ids.push_back(static_cast<int32_t>(i));
    }
    for (const int32_t position : sequence.prediction_positions)
      batch.prediction_rows.push_back(first + position);
    batch.prediction_labels.insert(batch.prediction_labels.end(), sequence.prediction_labels.begin(),
                                   sequence.prediction_labels.end());
    batch.next_sentence_labels.push_back(sequence.next_label);
  }
  complete(batch);
  return batch;
}

PretrainingBatch pack(std::span<const Sequence> sequences, int64_t first_index) {
  return pack(sequences, first_index, counts_of(sequences));
}

std::vector<PretrainingBatch> micro_batches(std::span<const Sequence> sequences, size_t size) {
  std::vector<PretrainingBatch> batches;
  for (size_t first = 0; first < sequences.size(); first += size)
    batches.push_back(pack(sequences.subspan(first, std::min(size, sequences.size() - first)),
                           static_cast<int64_t>(first)));
  return batches;
}

UpdateAttributes adamw_of(const ParameterLayout& layout) {
  std::vector<ParameterSegment> segments;
  for (const Parameter& parameter : layout.parameters())
    segments.push_back({.begin = parameter.offset,
                        .end = parameter.offset + parameter.elements(),
                        .weight_decay = parameter.vector ? 0.0f : 0.01f});
  return {.segments = std::make_shared<const std::vector<ParameterSegment>>(std::move(segments))};
}

SmallModel::SmallModel(DeviceKind device, const BertConfig& config, PretrainingCompileOptions options,
                       Precision precision)
    : SmallModel(
          [&](int64_t elements) {
            const ParameterLayout layout = bert_parameters(config, {});
            return make_engine(device, elements,
                               {.training = true,
                                .precision = precision,
                                .state = encoder_scaling(layout, precision).state()});
          },
          config, std::move(options)) {}

SmallModel::SmallModel(const std::function<std::unique_ptr<Engine>(int64_t)>& make, const BertConfig& config,
                       PretrainingCompileOptions options)
    : layout_(std::make_unique<ParameterLayout>(bert_parameters(config, {}))),
      engine_(make(layout_->elements())) {
  for (const Parameter& parameter : layout_->parameters()) {
    std::vector<float> values(static_cast<size_t>(parameter.elements()));
    initialize_parameter(parameter, config.initializer_range, 42, 0, values);
    engine_->write(Memory::parameters, parameter.offset, values);
  }
  if (options.update.segments == nullptr) options.update = adamw_of(*layout_);
  programs_ = std::make_unique<PretrainingPrograms>(config, *layout_, *engine_, std::move(options));
}

void SmallModel::differentiate(const std::vector<PretrainingBatch>& batches, PhiloxKey key) {
  step(batches, false, 0, key);
}

void SmallModel::update(const std::vector<PretrainingBatch>& batches, float learning_rate, PhiloxKey key) {
  step(batches, true, learning_rate, key);
}

void SmallModel::step(const std::vector<PretrainingBatch>& batches, bool last_updates, float learning_rate,
                      PhiloxKey key) {
  PretrainingStepInputs inputs{.dropout_key = key, .update_scalars = {learning_rate, 1, 1}};
  for (const PretrainingBatch& batch : batches) {
    inputs.global_predictions += batch.live_predictions;
    inputs.global_sequences += batch.sequences.live_sequences;
  }
  metrics = {};
  for (size_t i = 0; i < batches.size(); ++i) {
    const MicroBatch place{.first = i == 0, .last = last_updates && i + 1 == batches.size()};
    PretrainingProgram& program = programs_->training(batches[i].capacity, place);
    program.load(batches[i], inputs);
    program.run();
    metrics += program.metrics(batches[i]);
    if (!place.last) continue;
    gradient_norm = program.gradient_norm();
    skipped = program.skipped();
  }
}

std::vector<double> SmallModel::flat(Memory memory) const {
  std::vector<double> values(static_cast<size_t>(layout_->elements()));
  engine_->read(memory, 0, std::span<double>(values));
  return values;
}

bool gpu_multiplies(Precision precision) {
  try {
    make_engine(DeviceKind::cuda, 8, {.precision = precision});
    return true;
  } catch (const Error& error) {
    if (error.problem().what.find("does not multiply FP8") == std::string::npos) throw;
    return false;
  }
}

double largest_relative_error(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = a.size() == b.size() ? 0 : std::numeric_limits<double>::infinity(), largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(a[i] - b[i]));
    largest = std::max(largest, std::abs(b[i]));
  }
  return difference == 0 ? 0 : difference / largest;
}

}  // namespace cloze::testing
