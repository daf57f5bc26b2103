#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/parameters.h"
#include "engine/model/bert_config.h"
#include "engine/runtime/engine.h"
#include "engine/text/tokenizer.h"

namespace cloze {

struct FilledPiece {
  std::string piece;
  double probability = 0;
};

// The cloze test: which pieces a model puts in the place of each [MASK] of a text.
class MaskFilling {
 public:
  // The engine holds the parameters of `layout`. Throws Error for a vocabulary without [MASK] or of another
  // size.
  MaskFilling(const BertConfig& config, const ParameterLayout& layout, Engine& engine,
              std::shared_ptr<const Vocabulary> vocabulary, TokenizerOptions tokenizer);

  // For each [MASK] in order, the `top` most probable pieces. Throws UsageError for a text without [MASK], or
  // one longer than the model's positions.
  std::vector<std::vector<FilledPiece>> fill(std::string_view text, int top);

 private:
  std::vector<FilledPiece> best(std::span<const float> logits, int top) const;

  const BertConfig& config_;
  const ParameterLayout& layout_;
  Engine& engine_;
  Tokenizer tokenizer_;
};

}  // namespace cloze
