#include "engine/tasks/feature_extraction.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/sequence_packing.h"
#include "engine/passes/passes.h"
#include "engine/tasks/feature_graph.h"
#include "engine/tasks/feature_output.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

constexpr int shortest_length = 3;  // [CLS] [SEP] [SEP]

TaskDescription text_pairs(int max_length) {
  return {.sequences = {.max_sequence_length = max_length}};
}

void require_length(int length, const BertConfig& config) {
  if (length >= shortest_length && length <= config.max_positions) return;
  throw UsageError({.what = fmt::format("cannot use sequences of {} tokens", length),
                    .where = "--max-length",
                    .why = fmt::format("the model was trained on up to {}, [CLS] and [SEP] included",
                                       config.max_positions),
                    .remedy = fmt::format("{} to {}", shortest_length, config.max_positions)});
}

// Every sequence has two tokens at least.
Capacity largest_batch(const FeatureOptions& options) {
  const int64_t tokens = std::max<int64_t>(options.batch_tokens, options.max_length);
  return {tokens, (tokens + 1) / 2, 0};
}

}  // namespace

FeatureProgram::FeatureProgram(std::unique_ptr<Executable> executable, const std::vector<int64_t>& layers)
    : executable_(std::move(executable)), sequences_(*executable_) {
  for (const int64_t layer : layers) results_.push_back(executable_->result(feature_result(layer)));
}

void FeatureProgram::run(const PackedSequences& sequences) {
  sequences_.load(*executable_, sequences, {});
  executable_->run();
}

FeatureExtraction::FeatureExtraction(const BertConfig& config, const ParameterLayout& layout, Engine& engine,
                                     std::shared_ptr<const Tokenizer> tokenizer,
                                     const FeatureOptions& options)
    : config_(config),
      layout_(layout),
      engine_(engine),
      options_(options),
      layers_(encoder_layers(options.layers, config.layers)),
      encoder_(std::move(tokenizer), text_pairs(options.max_length), {}),
      ladder_(capacity_ladder(largest_batch(options))),
      values_(layers_.size()) {
  require_length(options.max_length, config);
  const Vocabulary& vocabulary = encoder_.tokenizer().vocabulary();
  if (vocabulary.size() != config.vocabulary_size) {
    throw Error(
        {.what = "the vocabulary does not belong to this model",
         .where = vocabulary.origin(),
         .why = fmt::format("it has {} pieces, the model {}", vocabulary.size(), config.vocabulary_size)});
  }
}

EncodingCounts FeatureExtraction::run(const std::function<bool(std::string_view& line)>& next,
                                      const std::function<void(std::string_view line)>& write) {
  EncodingCounts counts;
  batch_.clear();
  batch_tokens_ = written_ = 0;
  for (std::string_view line; next(line);) {
    const FeatureTexts texts = split_feature_line(line);
    EncodedSequence sequence = encoder_.encode_texts(texts.first, texts.second.value_or(""), counts);
    const auto length = static_cast<int64_t>(sequence.tokens.size());
    if (batch_tokens_ + length > ladder_.back().tokens) compute(write);
    batch_tokens_ += length;
    batch_.push_back(std::move(sequence));
  }
  if (!batch_.empty()) compute(write);
  return counts;
}

FeatureProgram& FeatureExtraction::program(const Capacity& capacity) {
  return programs_.get({.capacity = capacity}, [&] {
    Graph graph = feature_graph(config_, layout_, layers_, capacity, engine_.real());
    run_passes(graph, {.target = engine_.target(), .train = false});
    return std::make_unique<FeatureProgram>(engine_.compile(std::move(graph), {}), layers_);
  });
}

void FeatureExtraction::compute(const std::function<void(std::string_view)>& write) {
  const Capacity& capacity = choose_rung(ladder_, {batch_tokens_, static_cast<int64_t>(batch_.size()), 0});
  begin_packing(packed_, capacity);
  for (const EncodedSequence& sequence : batch_) {
    append_sequence(packed_, sequence.tokens, sequence.second_begins, packed_.live_sequences);
  }
  finish_packing(packed_, scratch_);
  FeatureProgram& compiled = program(capacity);
  compiled.run(packed_);
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    values_[layer].resize(static_cast<size_t>(packed_.live_tokens * config_.hidden_size));
    compiled.read(layer, values_[layer]);
  }
  write_lines(write);
  written_ += static_cast<int64_t>(batch_.size());
  batch_tokens_ = 0;
  batch_.clear();
}

// A line takes ten bytes and more for each number: a few are made at a time.
void FeatureExtraction::write_lines(const std::function<void(std::string_view)>& write) {
  std::vector<std::string> lines(static_cast<size_t>(4 * thread_count()));
  for (size_t first = 0; first < batch_.size(); first += lines.size()) {
    const size_t count = std::min(lines.size(), batch_.size() - first);
    parallel_tasks(static_cast<int64_t>(count), [&](int64_t i) {
      lines[static_cast<size_t>(i)] = line_of(first + static_cast<size_t>(i));
    });
    for (size_t i = 0; i < count; ++i) write(lines[i]);
  }
}

std::string FeatureExtraction::line_of(size_t sequence) const {
  std::vector<std::string_view> tokens;
  for (const int32_t token : batch_[sequence].tokens) {
    tokens.push_back(encoder_.tokenizer().vocabulary().piece(token));
  }
  const auto width = static_cast<size_t>(config_.hidden_size);
  const auto first_row = static_cast<size_t>(packed_.sequence_offsets[sequence]);
  std::vector<FeatureLayer> layers;
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    const std::span<const float> values = values_[layer];
    layers.push_back({options_.layers[layer], values.subspan(first_row * width, tokens.size() * width)});
  }
  return feature_line(written_ + static_cast<int64_t>(sequence), tokens, layers);
}

}  // namespace cloze
