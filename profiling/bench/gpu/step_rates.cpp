#include <fmt/core.h>

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/data/sequence_packing.h"
#include "engine/model/flops.h"
#include "engine/tasks/late_metrics.h"
#include "profiling/bench/gpu/gpu_bench.h"

// Whole pretraining steps of BERT-base (Devlin et al. 2019) on made-up tokens: AdamW, dropout 0.1, masked LM
// and next sentence, one micro-batch a step; profiling/compare/gpu_steps.py does the same with Hugging Face's
// model.
namespace cloze::bench {
namespace {

using Seconds = std::chrono::duration<double>;

PretrainingBatch full_batch(const BertConfig& config, int64_t sequences, int64_t length) {
  const int64_t predictions = length * 15 / 100;
  PretrainingBatch batch{.capacity = {sequences * length, sequences, sequences * predictions}};
  begin_packing(batch.sequences, batch.capacity);
  std::vector<int32_t> tokens(static_cast<size_t>(length)), scratch;
  for (int64_t s = 0; s < sequences; ++s) {
    for (int64_t i = 0; i < length; ++i)
      tokens[static_cast<size_t>(i)] = static_cast<int32_t>((s * 7919 + i * 104729) % config.vocabulary_size);
    const int64_t first = append_sequence(batch.sequences, tokens, length / 2, s);
    for (int64_t p = 0; p < predictions; ++p) {
      batch.prediction_rows.push_back(static_cast<int32_t>(first + p * length / predictions));
      batch.prediction_labels.push_back(static_cast<int32_t>((s + 31 * p) % config.vocabulary_size));
      batch.prediction_kinds.push_back(MaskKind::masked);
    }
    batch.next_sentence_labels.push_back(static_cast<int32_t>(s % 2));
  }
  batch.live_predictions = sequences * predictions;
  finish_packing(batch.sequences, scratch);
  return batch;
}

UpdateAttributes adamw_of(const ParameterLayout& layout) {
  std::vector<ParameterSegment> segments;
  for (const Parameter& parameter : layout.parameters())
    segments.push_back(
        {parameter.offset, parameter.offset + parameter.elements(), parameter.vector ? 0.0f : 0.01f, 1});
  return {.segments = std::make_shared<const std::vector<ParameterSegment>>(std::move(segments))};
}

void measure(int64_t sequences, int64_t length, Precision precision) {
  const BertConfig config{.vocabulary_size = 30522};
  const ParameterLayout layout = bert_parameters(config, {});
  const auto engine = make_engine(DeviceKind::cuda, layout.elements(), true, precision);
  for (const Parameter& parameter : layout.parameters()) {
    std::vector<float> values(static_cast<size_t>(parameter.elements()));
    initialize_parameter(parameter, config.initializer_range, 1, 0, values);
    engine->write(Memory::parameters, parameter.offset, values);
  }
  PretrainingPrograms programs(config, layout, *engine, {.update = adamw_of(layout)});
  const PretrainingBatch batch = full_batch(config, sequences, length);
  PretrainingProgram& program = programs.training(batch.capacity, {.first = true, .last = true});
  LateMetrics late(program);
  constexpr int warm_up = 10, steps = 50;
  double loss = 0;
  auto began = std::chrono::steady_clock::now();
  for (int step = 0; step < warm_up + steps; ++step) {
    if (step == warm_up) {
      while (late.kept() > 0) late.read();
      began = std::chrono::steady_clock::now();
    }
    program.load(batch, {.global_predictions = batch.live_predictions,
                         .global_sequences = sequences,
                         .dropout_key = {static_cast<uint32_t>(step), 1},
                         .update_scalars = {1e-4f, 1, 1}});
    program.run();
    late.keep(batch);
    if (late.kept() == 2) loss = late.read().metrics.loss();
  }
  while (late.kept() > 0) loss = late.read().metrics.loss();
  const double seconds = Seconds(std::chrono::steady_clock::now() - began).count() / steps;
  const double flops =
      training_flops(config, {.tokens = sequences * length,
                              .sequences = sequences,
                              .predictions = batch.live_predictions,
                              .squared_lengths = static_cast<double>(sequences * length * length)});
  const nlohmann::ordered_json line = {
      {"part", "steps"},
      {"name", fmt::format("cloze {} {}x{}", name_of(precision), sequences, length)},
      {"milliseconds", 1e3 * seconds},
      {"tokens_per_second", static_cast<double>(sequences * length) / seconds},
      {"flops_per_second", flops / seconds},
      {"last_loss", loss}};
  std::cout << line.dump() << std::endl;
}

}  // namespace

void measure_steps() {
  measure(64, 128, Precision::bf16);
  measure(16, 512, Precision::bf16);
  measure(64, 128, Precision::full);
}

}  // namespace cloze::bench
