#include "engine/tasks/mask_filling.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/model/bert_parameters.h"
#include "engine/passes/passes.h"
#include "engine/tasks/pretraining_graph.h"
#include "engine/tasks/sequence_loading.h"

namespace cloze {
namespace {

TokenizerOptions with_special_tokens(TokenizerOptions options) {
  options.keep_special_tokens = true;  // "[MASK]" is what the text is about
  return options;
}

// [CLS] tokens [SEP] as a batch of one sequence.
PackedSequences one_sequence(std::vector<int32_t> tokens) {
  PackedSequences packed;
  const auto length = static_cast<int32_t>(tokens.size());
  packed.live_tokens = length;
  packed.live_sequences = 1;
  packed.tokens = std::move(tokens);
  packed.token_types.assign(packed.tokens.size(), 0);
  packed.positions.resize(packed.tokens.size());
  std::iota(packed.positions.begin(), packed.positions.end(), 0);
  packed.row_ids.assign(2 * packed.tokens.size(), 0);
  packed.token_order = packed.positions;
  packed.sequence_offsets = {0, length};
  packed.first_rows = {0};
  return packed;
}

}  // namespace

MaskFilling::MaskFilling(const BertConfig& config, const ParameterLayout& layout, Engine& engine,
                         std::shared_ptr<const Vocabulary> vocabulary, TokenizerOptions tokenizer)
    : config_(config),
      layout_(layout),
      engine_(engine),
      tokenizer_(vocabulary, with_special_tokens(tokenizer)) {
  vocabulary->require_mask();
  if (vocabulary->size() != config.vocabulary_size) {
    throw Error(
        {.what = "the vocabulary does not belong to this model",
         .where = vocabulary->origin(),
         .why = fmt::format("it has {} pieces, the model {}", vocabulary->size(), config.vocabulary_size)});
  }
}

std::vector<std::vector<FilledPiece>> MaskFilling::fill(std::string_view text, int top) {
  const Vocabulary& vocabulary = tokenizer_.vocabulary();
  std::vector<int32_t> tokens{vocabulary.classify_id()};
  tokenizer_.encode(text, tokens);
  tokens.push_back(vocabulary.separator_id());
  std::vector<int32_t> rows;
  for (size_t row = 0; row < tokens.size(); ++row) {
    if (tokens[row] == vocabulary.mask_id()) rows.push_back(static_cast<int32_t>(row));
  }
  if (rows.empty()) {
    throw UsageError({.what = "the text has no blank to fill",
                      .where = std::string(text),
                      .remedy = "write [MASK] where a word is missing"});
  }
  if (static_cast<int64_t>(tokens.size()) > config_.max_positions) {
    throw UsageError({.what = fmt::format("the text is too long: {} tokens, the model takes {}",
                                          tokens.size(), config_.max_positions)});
  }
  const Capacity capacity{static_cast<int64_t>(tokens.size()), 1, static_cast<int64_t>(rows.size())};
  Graph graph = fill_graph(config_, layout_, capacity, engine_.real());
  run_passes(graph, {.target = engine_.target(), .train = false});
  const auto executable = engine_.compile(std::move(graph), {});
  const PackedSequences packed = one_sequence(std::move(tokens));
  SequenceLoading(*executable).load(*executable, packed, {});
  NeededRowsLoading(*executable).load(*executable, packed, rows);
  executable->set_live(Axis::predictions, capacity.predictions);
  executable->write(executable->input(pretraining_names::prediction_rows), std::span<const int32_t>(rows));
  executable->run();

  const auto width = static_cast<size_t>(layout_.at(bert_names::word).rows);
  std::vector<float> logits(rows.size() * width);
  executable->read(executable->result(fill_logits), std::span<float>(logits));
  std::vector<std::vector<FilledPiece>> answers;
  for (size_t row = 0; row < rows.size(); ++row) {
    answers.push_back(
        best(std::span(logits).subspan(row * width, static_cast<size_t>(config_.vocabulary_size)), top));
  }
  return answers;
}

std::vector<FilledPiece> MaskFilling::best(std::span<const float> logits, int top) const {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (const float logit : logits) total += std::exp(logit - largest);
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = std::min(order.size(), static_cast<size_t>(std::max(top, 0)));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](int32_t a, int32_t b) {
                      const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  std::vector<FilledPiece> pieces;
  for (size_t i = 0; i < count; ++i) {
    const double probability = std::exp(logits[static_cast<size_t>(order[i])] - largest) / total;
    pieces.push_back({std::string(tokenizer_.vocabulary().piece(order[i])), probability});
  }
  return pieces;
}

}  // namespace cloze
