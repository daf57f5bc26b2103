#pragma once

#include <cstdint>
#include <string>

#include "kernels/activation/activation.h"

namespace cloze {

// The sizes and rates of a BERT encoder (google-research/bert, modeling.py, BertConfig).
struct BertConfig {
  int64_t vocabulary_size =
      0;  // pieces in vocab.txt; parameters are padded beyond it (see padded_vocabulary)
  int64_t hidden_size = 768;
  int64_t layers = 12;
  int64_t heads = 12;
  int64_t intermediate_size = 3072;
  Activation activation = Activation::gelu_tanh;
  float hidden_dropout = 0.1f;
  float attention_dropout = 0.1f;
  int64_t max_positions = 512;
  int64_t token_types = 2;
  float initializer_range = 0.02f;
  float layer_norm_epsilon = 1e-12f;
  bool attention = true;  // off: layers are feed-forward only, an ablation

  int64_t head_size() const { return hidden_size / heads; }
  // Rows of the word embedding in memory: a multiple of 128.
  int64_t padded_vocabulary() const { return (vocabulary_size + 127) / 128 * 128; }
  friend bool operator==(const BertConfig&, const BertConfig&) = default;
};

// Throws UsageError naming every impossible value (`where` says whose config it is).
void validate(const BertConfig& config, const std::string& where);

}  // namespace cloze
